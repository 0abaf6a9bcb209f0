//! `/api/docs`, `/api/openapi.json` and `/api/v1/_models`: what the caller may use, and how.

use std::sync::{Arc, OnceLock};

use moka::sync::Cache;
use poem::Response;
use poem::http::StatusCode;
use serde_json::Value;

use crate::catalog::{self, Catalog};
use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::http::{Call, answer};
use crate::openapi::{Operation, View, document};

/// Makes OpenAPI documents and keeps the last few: one is a megabyte for somebody who may do
/// everything, and changes only with the policy.
#[derive(Debug)]
pub struct Documents {
    plugins: Vec<Operation>,
    cookie: &'static str,
    made: Cache<Reader, Arc<Vec<u8>>>,
}

/// Whose document: the policy version, the user, the token.
type Reader = (i64, Option<i64>, Option<i64>);

impl Documents {
    /// For an application with these plugin operations.
    #[must_use]
    pub fn new(plugins: Vec<Operation>, cookie: &'static str) -> Self {
        Self {
            plugins,
            cookie,
            made: Cache::new(16),
        }
    }

    /// The document of what the caller may use.
    #[must_use]
    pub fn build(&self, engine: &Engine, ctx: &Context) -> Value {
        static FIXED: OnceLock<Value> = OnceLock::new();
        // The file is ours, and a test reads it.
        let fixed = FIXED.get_or_init(|| serde_json::from_str(FIXED_JSON).unwrap_or_default());
        engine.with_access(ctx, |access| {
            document(&View {
                registry: engine.registry(),
                access,
                anonymous: ctx.principal.is_anonymous(),
                limits: engine.limits(),
                fixed,
                plugins: &self.plugins,
                title: "Quarterdeck",
                version: env!("CARGO_PKG_VERSION"),
                cookie: self.cookie,
            })
        })
    }

    /// `GET /api/openapi.json`
    #[must_use]
    pub fn serve(&self, call: &Call) -> Response {
        let principal = &call.ctx.principal;
        let user = principal.user.as_ref().map(|u| u.id);
        let token = principal.token.as_ref().map(|t| t.id);
        let key = (call.engine.policy_version(), user, token);
        let make = || Arc::new(self.build(&call.engine, &call.ctx).to_string().into_bytes());
        let text = self.made.get_with(key, make);
        answer::json(StatusCode::OK, text.to_vec())
    }
}

/// The endpoints that are not made from models.
const FIXED_JSON: &str = include_str!("fixed.json");

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
    Ok(answer::with(
        response,
        poem::http::header::CONTENT_SECURITY_POLICY,
        POLICY,
    ))
}

/// `GET /api/v1/_models`
///
/// # Errors
/// 401 for nobody.
pub async fn models(call: Call) -> Result<Response, Error> {
    let body = with_catalog(&call, catalog::models)?;
    Ok(answer::json_value(StatusCode::OK, &body))
}

/// `GET /api/v1/_models/{model}`
///
/// # Errors
/// 401 for nobody, 404 for a model that the caller has no verb on.
pub async fn model(call: Call) -> Result<Response, Error> {
    let id = call.engine.model(&call.param("model"))?.id;
    let body = with_catalog(&call, |catalog| catalog::model(catalog, id))?;
    Ok(answer::json_value(
        StatusCode::OK,
        &body.ok_or_else(Error::not_found)?,
    ))
}

fn with_catalog<T>(call: &Call, look: impl FnOnce(Catalog<'_>) -> T) -> Result<T, Error> {
    if call.ctx.principal.is_anonymous() {
        return Err(Error::unauthenticated());
    }
    let engine = &call.engine;
    Ok(engine.with_access(&call.ctx, |access| {
        look(Catalog {
            registry: engine.registry(),
            access,
            limits: engine.limits(),
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixed_endpoints_are_json() {
        let fixed: Value = serde_json::from_str(FIXED_JSON).unwrap();
        assert!(fixed["paths"]["/auth/login"]["post"].is_object());
    }

    #[test]
    fn every_fixed_endpoint_is_described_and_its_tag_too() {
        let fixed: Value = serde_json::from_str(FIXED_JSON).unwrap();
        let tags = fixed["tags"].as_array().unwrap();
        for (path, item) in fixed["paths"].as_object().unwrap() {
            // What is said of a path holds for each of its operations.
            let operations = item.as_object().unwrap().iter();
            for (method, operation) in operations.filter(|(name, _)| *name != "parameters") {
                let description = operation["description"].as_str().unwrap_or_default();
                assert!(!description.is_empty(), "{method} {path}");
                let tag = tags.iter().find(|t| t["name"] == operation["tags"][0]);
                let tag = tag.unwrap_or_else(|| panic!("{method} {path}: no such tag"));
                assert!(tag["description"].is_string(), "{tag}");
            }
        }
    }
}
