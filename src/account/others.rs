//! `/auth/users/{id}/…`: what a superuser does with the credentials of others.

use poem::Response;
use poem::http::StatusCode;
use serde_json::json;

use crate::error::Error;
use crate::http::{Call, answer};
use crate::page::clock;
use crate::page::viewer::Visit;
use crate::session::others;

use super::{Fields, accounts};

fn id(call: &Call) -> Result<i64, Error> {
    call.param("id").parse().map_err(|_| Error::not_found())
}

/// The address of a link with this secret: below the public URL where there is one, or else where the
/// request itself came to, whose host was checked.
#[must_use]
pub fn address(call: &Call, public: Option<&str>, secret: &str) -> String {
    let own = Visit::of(call).origin;
    let origin = public.map_or(&*own, |url| url.trim_end_matches('/'));
    format!("{origin}/auth/reset?token={secret}")
}

/// `POST /auth/users/{id}/link`: a link by which the user chooses a password.
///
/// # Errors
/// 401, 403 for anybody but a superuser with a session, 404 for an unknown user.
pub async fn link(call: Call) -> Result<Response, Error> {
    let accounts = accounts(&call.request)?;
    let (secret, until) = others::offer_link(&call.engine, &call.ctx, id(&call)?).await?;
    let url = address(&call, accounts.public_url.as_deref(), secret.expose());
    let body = json!({"url": url, "expires_at": clock::text(until)});
    Ok(answer::json_value(StatusCode::CREATED, &body))
}

/// `POST /auth/users/{id}/password`: gives the user a password.
///
/// # Errors
/// As [`link`]; 422 for a weak one.
pub async fn password(mut call: Call) -> Result<Response, Error> {
    if call.ctx.principal.is_anonymous() {
        return Err(Error::unauthenticated());
    }
    let id = id(&call)?;
    let fields = Fields::json(&mut call, &["new"]).await?;
    let accounts = accounts(&call.request)?;
    let of = (&*call.engine, &*accounts.identity);
    let given = (id, fields.get("new"));
    others::give_password(of, &call.ctx, &accounts.passwords, given).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
