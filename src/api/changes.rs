//! `/api/v1/_changes`: the change sets, and what is in them.

use poem::Response;
use poem::http::StatusCode;

use crate::error::Error;
use crate::http::{Call, answer};

/// `GET /api/v1/_changes`
///
/// # Errors
/// See [`crate::crud::Engine::changes`].
pub async fn list(call: Call) -> Result<Response, Error> {
    let page = call.engine.changes(&call.ctx, &call.query()?).await?;
    Ok(answer::json_value(StatusCode::OK, &page))
}

/// `GET /api/v1/_changes/{id}`
///
/// # Errors
/// See [`crate::crud::Engine::change_set`].
pub async fn read(call: Call) -> Result<Response, Error> {
    if call.ctx.principal.is_anonymous() {
        return Err(Error::unauthenticated());
    }
    let text = call.param("id");
    let id: i64 = text.parse().map_err(|_| Error::not_found())?;
    // One change set, one address.
    if id.to_string() != text {
        return Err(Error::not_found());
    }
    let set = call
        .engine
        .change_set(&call.ctx, id, &call.query()?)
        .await?;
    Ok(answer::json_value(StatusCode::OK, &set))
}
