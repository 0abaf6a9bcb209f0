//! One's own sessions and password.

use poem::Response;
use poem::http::StatusCode;
use serde_json::json;

use crate::auth::accounts as users;
use crate::auth::login;
use crate::error::{Error, Fault, Kind};
use crate::http::{Call, answer};
use crate::session::store::{self, Which};

use super::{Fields, accounts};

/// `GET /auth/sessions`: one's own sessions.
///
/// # Errors
/// 401 for nobody.
pub async fn sessions(call: Call) -> Result<Response, Error> {
    let user = call
        .ctx
        .principal
        .user
        .as_ref()
        .ok_or_else(Error::unauthenticated)?;
    let rows = store::of_user(call.engine.db(), user.id).await?;
    let data: Vec<_> = rows
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
    let user = call
        .ctx
        .principal
        .user
        .as_ref()
        .ok_or_else(Error::unauthenticated)?;
    let id: i64 = call.param("id").parse().map_err(|_| Error::not_found())?;
    let db = call.engine.db();
    if !store::of_user(db, user.id)
        .await?
        .iter()
        .any(|s| s.id == id)
    {
        return Err(Error::not_found());
    }
    store::end(db, Which::One(id)).await?;
    accounts(&call.request)?.identity.changed();
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// `POST /auth/password`: a new password for oneself, given the current one. Every session ends.
///
/// # Errors
/// 401 for nobody or a wrong current password, 422 for a weak new one, 403 for a token.
pub async fn password(mut call: Call) -> Result<Response, Error> {
    let fields = Fields::posted(&mut call, &["current", "new"]).await?;
    let accounts = accounts(&call.request)?;
    let principal = &call.ctx.principal;
    let user = principal.user.as_ref().ok_or_else(Error::unauthenticated)?;
    if principal.token.is_some() {
        let detail = "A token cannot change its owner's password.";
        return Err(Error::new(Kind::Forbidden, "forbidden", detail));
    }
    let db = call.engine.db();
    let current = (user.username.as_str(), fields.get("current"));
    login::login(db, &accounts.passwords, current, call.ctx.address).await?;
    users::set_password(db, &accounts.passwords, user.id, fields.get("new"))
        .await
        .map_err(|e| {
            let faults = e
                .faults
                .iter()
                .map(|f| Fault::field("new", f.code, f.detail.clone()));
            Error {
                faults: faults.collect(),
                ..e
            }
        })?;
    accounts.identity.changed();
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
