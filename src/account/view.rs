//! `/auth/view_as`: a superuser looks as somebody else, and back.

use poem::Response;
use poem::http::{StatusCode, header};
use serde_json::json;

use crate::error::{Error, Fault};
use crate::http::{Call, answer};
use crate::model::Input;
use crate::page::clock;
use crate::session::view::{self, Eyes, Look};
use crate::store::now;

use super::{accounts, cookie};

/// `POST /auth/view_as`: `{"user": 5}` or `{"role": 3}`.
///
/// # Errors
/// 401 for nobody, 403 for anybody but a superuser with a session, 404 for nobody to look as, 422 for
/// another body.
pub async fn begin(mut call: Call) -> Result<Response, Error> {
    if call.ctx.principal.is_anonymous() {
        return Err(Error::unauthenticated());
    }
    let members = call.json().await?.into_object(Error::invalid)?;
    let number = |value: &Input| match value {
        Input::Number(text) => text.parse().ok().filter(|id| *id > 0),
        _ => None,
    };
    let eyes = match members.as_slice() {
        [(name, value)] if name == "user" => number(value).map(Eyes::User),
        [(name, value)] if name == "role" => number(value).map(Eyes::Role),
        _ => None,
    };
    let Some(eyes) = eyes else {
        let detail = "Send the key of a user or of a role: {\"user\": 5} or {\"role\": 3}.";
        return Err(Error::invalid(vec![Fault::pointer(
            String::new(),
            "view_as",
            detail,
        )]));
    };
    let (look, cookie) = started(&call, eyes).await?;
    let body = json!({"view_as": {"name": look.name, "until": clock::text(look.until)}});
    let response = answer::json_value(StatusCode::OK, &body);
    Ok(answer::with(response, header::SET_COOKIE, &cookie))
}

/// Begins a look; with the cookie that keeps it.
///
/// # Errors
/// As [`begin`].
pub async fn started(call: &Call, eyes: Eyes) -> Result<(Look, String), Error> {
    let accounts = accounts(&call.request)?;
    let look = view::begin(&call.engine, &call.ctx, eyes).await?;
    let session = call.ctx.principal.session.unwrap_or_default();
    let value = accounts.view_key.seal(session, &look);
    let value = value.ok_or_else(|| Error::internal("a key that signs nothing"))?;
    let age = (look.until - now()).num_seconds();
    let cookie = cookie::set_view(accounts.https, &value, age);
    Ok((look, cookie))
}

/// `DELETE /auth/view_as`: back to oneself.
///
/// # Errors
/// 401 for nobody.
pub async fn end(call: Call) -> Result<Response, Error> {
    if call.ctx.principal.is_anonymous() {
        return Err(Error::unauthenticated());
    }
    let cookie = ended(&call).await?;
    let response = answer::empty(StatusCode::NO_CONTENT);
    Ok(answer::with(response, header::SET_COOKIE, &cookie))
}

/// Ends the look; the cookie that removes it.
///
/// # Errors
/// What the database said.
pub async fn ended(call: &Call) -> Result<String, Error> {
    let accounts = accounts(&call.request)?;
    view::end(&call.engine, &call.ctx).await?;
    Ok(cookie::set_view(accounts.https, "", 0))
}
