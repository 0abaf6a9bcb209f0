//! One's own sessions and password.

use poem::Response;
use poem::http::StatusCode;
use serde_json::json;

use crate::error::Error;
use crate::http::{Call, answer};
use crate::session::own::Own;

use super::{Fields, accounts};

/// `GET /auth/sessions`: one's own sessions.
///
/// # Errors
/// 401 for nobody.
pub async fn sessions(call: Call) -> Result<Response, Error> {
    let accounts = accounts(&call.request)?;
    let own = Own::of(&call.engine, &accounts.identity, &call.ctx)?;
    let data: Vec<_> = own
        .sessions()
        .await?
        .into_iter()
        .map(|s| {
            json!({
                "id": s.id,
                "created_at": s.created_at.to_rfc3339(),
                "expires_at": s.expires_at.to_rfc3339(),
                "seen_at": s.seen_at.to_rfc3339(),
                "ip": s.ip,
                "user_agent": s.user_agent,
                "current": call.ctx.principal.session == Some(s.id),
            })
        })
        .collect();
    Ok(answer::json_value(StatusCode::OK, &json!({"data": data})))
}

/// `DELETE /auth/sessions/{id}`: ends one of one's own sessions.
///
/// # Errors
/// 401 for nobody, 404 for a session that is not one's own.
pub async fn end(call: Call) -> Result<Response, Error> {
    let accounts = accounts(&call.request)?;
    let own = Own::of(&call.engine, &accounts.identity, &call.ctx)?;
    let id: i64 = call.param("id").parse().map_err(|_| Error::not_found())?;
    own.end_session(id).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// `DELETE /auth/sessions`: ends every session of one's own but the one that asks.
///
/// # Errors
/// 401 for nobody.
pub async fn end_others(call: Call) -> Result<Response, Error> {
    let accounts = accounts(&call.request)?;
    let own = Own::of(&call.engine, &accounts.identity, &call.ctx)?;
    let ended = own.end_others().await?;
    Ok(answer::json_value(StatusCode::OK, &json!({"ended": ended})))
}

/// `POST /auth/password`: a new password for oneself, given the current one. Every session ends.
///
/// # Errors
/// 401 for nobody or a wrong current password, 422 for a weak new one, 403 for a token.
pub async fn password(mut call: Call) -> Result<Response, Error> {
    let fields = Fields::posted(&mut call, &["current", "new"]).await?;
    let accounts = accounts(&call.request)?;
    let own = Own::of(&call.engine, &accounts.identity, &call.ctx)?;
    let words = (fields.get("current"), fields.get("new"));
    own.change_password(&accounts.passwords, words).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
