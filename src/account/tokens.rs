//! One's own API tokens.

use poem::Response;
use poem::http::StatusCode;
use serde_json::{Value as Json, json};

use crate::auth::wanted;
use crate::error::Error;
use crate::http::{Call, answer};
use crate::page::clock;
use crate::session::own::Own;

use super::accounts;

/// `GET /auth/tokens`: one's own tokens that were not revoked.
///
/// # Errors
/// 401 for nobody.
pub async fn list(call: Call) -> Result<Response, Error> {
    let accounts = accounts(&call.request)?;
    let own = Own::of(&call.engine, &accounts.identity, &call.ctx)?;
    let at = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(clock::text);
    let data: Vec<Json> = (own.tokens().await?.into_iter())
        .map(|t| {
            json!({
                "id": t.id,
                "name": t.name,
                "prefix": t.prefix,
                "scopes": t.scopes,
                "created_at": clock::text(t.created_at),
                "expires_at": at(t.expires_at),
                "last_used_at": at(t.last_used_at),
                "current": call.ctx.principal.token.as_ref().is_some_and(|c| c.id == t.id),
            })
        })
        .collect();
    Ok(answer::json_value(StatusCode::OK, &json!({"data": data})))
}

/// `POST /auth/tokens`: makes a token; its text is in this answer and nowhere else.
///
/// # Errors
/// 401 for nobody, 403 for a token, 409 past the most of them, 422 with every fault.
pub async fn create(mut call: Call) -> Result<Response, Error> {
    let accounts = accounts(&call.request)?;
    Own::of(&call.engine, &accounts.identity, &call.ctx)?;
    let body = call.json().await?;
    let new = wanted::of_json(&call.engine, &call.ctx, body)?;
    let own = Own::of(&call.engine, &accounts.identity, &call.ctx)?;
    let (row, text) = own.make_token(new).await?;
    let made = json!({
        "id": row.id,
        "token": text.expose(),
        "name": row.name,
        "prefix": row.prefix,
        "scopes": row.scopes,
        "created_at": clock::text(row.created_at),
        "expires_at": row.expires_at.map(clock::text),
    });
    Ok(answer::json_value(StatusCode::CREATED, &made))
}

/// `DELETE /auth/tokens/{id}`: revokes one of one's own tokens.
///
/// # Errors
/// 401 for nobody, 404 for a token that is not one's own, 403 for a token that asks for another.
pub async fn revoke(call: Call) -> Result<Response, Error> {
    let accounts = accounts(&call.request)?;
    let own = Own::of(&call.engine, &accounts.identity, &call.ctx)?;
    let id: i64 = call.param("id").parse().map_err(|_| Error::not_found())?;
    own.revoke_token(id).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
