//! `/api/v1/_operations`: what is done while nobody waits for it, how far it is, and the files that
//! exports have left.

use poem::http::{Method, StatusCode, header};
use poem::{Body, Response};
use serde_json::Value;

use crate::error::Error;
use crate::http::{Call, answer};

use super::records::no_parameters;

/// `GET /api/v1/_operations`
///
/// # Errors
/// See [`crate::crud::Engine::operations`].
pub async fn list(call: Call) -> Result<Response, Error> {
    let page = call.engine.operations(&call.ctx, &call.query()?).await?;
    Ok(answer::json_value(StatusCode::OK, &page))
}

/// `GET /api/v1/_operations/{id}`
///
/// # Errors
/// See [`crate::crud::Engine::operation`].
pub async fn read(call: Call) -> Result<Response, Error> {
    let operation = call.engine.operation(&call.ctx, id(&call)?).await?;
    Ok(answer::json_value(StatusCode::OK, &operation))
}

/// `DELETE /api/v1/_operations/{id}`
///
/// # Errors
/// See [`crate::crud::Engine::cancel`].
pub async fn cancel(call: Call) -> Result<Response, Error> {
    if call.ctx.dry_run {
        let detail = "There is no dry run of this request.";
        return Err(Error::parameter("Prefer", "dry_run_unknown", detail));
    }
    let operation = call.engine.cancel(&call.ctx, id(&call)?).await?;
    Ok(answer::json_value(StatusCode::ACCEPTED, &operation))
}

/// `GET /api/v1/_operations/{id}/file`
///
/// # Errors
/// See [`crate::crud::Engine::operation_file`].
pub async fn file(call: Call) -> Result<Response, Error> {
    let fetched = call.engine.operation_file(&call.ctx, id(&call)?).await?;
    let body = match *call.request.method() {
        Method::HEAD => Body::empty(),
        _ => Body::from_async_read(fetched.file),
    };
    let response = Response::builder().status(StatusCode::OK);
    let response = response.content_type(fetched.format.content_type());
    let response = answer::streamed(response.body(body));
    // A slug has letters, digits and underscores only.
    let disposition = format!("attachment; filename=\"{}\"", fetched.name);
    let response = answer::with(response, header::CONTENT_DISPOSITION, &disposition);
    let bytes = fetched.bytes.to_string();
    Ok(answer::with(response, header::CONTENT_LENGTH, &bytes))
}

fn id(call: &Call) -> Result<i64, Error> {
    if call.ctx.principal.is_anonymous() {
        return Err(Error::unauthenticated());
    }
    no_parameters(call)?;
    let text = call.param("id");
    let id: i64 = text.parse().map_err(|_| Error::not_found())?;
    // One operation, one address.
    match id.to_string() == text {
        true => Ok(id),
        false => Err(Error::not_found()),
    }
}

/// 202 with the address of an operation that has begun.
pub(super) fn begun(operation: &Value) -> Response {
    let location = format!("/api/v1/_operations/{}", operation["id"]);
    let response = answer::json_value(StatusCode::ACCEPTED, operation);
    let response = answer::with(response, header::LOCATION, &location);
    let name = header::HeaderName::from_static("preference-applied");
    answer::with(response, name, "respond-async")
}
