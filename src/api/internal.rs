//! `/api/internal/*`: for the other parts of the same installation, by the internal secret alone.
//! The threshold has checked the secret before any of these runs.

use std::sync::Arc;

use poem::Response;
use poem::http::StatusCode;
use serde_json::json;

use crate::error::Error;
use crate::http::{Call, answer};
use crate::session::Identity;
use crate::session::store::{self, Which};

fn identity(call: &Call) -> Result<Arc<Identity>, Error> {
    call.request
        .data::<Arc<Identity>>()
        .cloned()
        .ok_or_else(|| Error::internal("a request without an identity"))
}

/// `GET /api/internal/health`: the state of each service, in detail.
///
/// # Errors
/// 503 when the database does not answer.
pub async fn health(call: Call) -> Result<Response, Error> {
    call.engine.db().ping().await?;
    let body = json!({
        "status": "healthy",
        "services": {"database": "connected"},
        "backend": format!("{:?}", call.engine.db().backend()).to_lowercase(),
        "models": call.engine.registry().models().len(),
        "policy_version": call.engine.policy_version(),
        "version": env!("CARGO_PKG_VERSION"),
        "timestamp": chrono::Utc::now().to_rfc3339(),
    });
    Ok(answer::json_value(StatusCode::OK, &body))
}

/// `POST /api/internal/cache/invalidate`: forgets cached sessions, tokens, users and grants.
///
/// # Errors
/// 503 when they cannot be loaded again.
pub async fn invalidate(call: Call) -> Result<Response, Error> {
    identity(&call)?.reload().await?;
    Ok(answer::json_value(
        StatusCode::OK,
        &json!({"invalidated": true}),
    ))
}

/// `POST /api/internal/sessions/purge`: deletes the sessions that have expired.
///
/// # Errors
/// What the database said.
pub async fn purge(call: Call) -> Result<Response, Error> {
    let purged = store::end(call.engine.db(), Which::Expired).await?;
    Ok(answer::json_value(
        StatusCode::OK,
        &json!({"purged": purged}),
    ))
}

/// `DELETE /api/internal/users/{id}/sessions`: ends every session of a user.
///
/// # Errors
/// 404 for what is no key of a user.
pub async fn end_sessions(call: Call) -> Result<Response, Error> {
    let id: i64 = call.param("id").parse().map_err(|_| Error::not_found())?;
    let db = call.engine.db();
    let ended = store::end(db, Which::OfUser(id)).await?;
    identity(&call)?.changed();
    Ok(answer::json_value(StatusCode::OK, &json!({"ended": ended})))
}
