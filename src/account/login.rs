//! `/auth/login`, `/auth/logout`, `/auth/session`.

use poem::Response;
use poem::http::{HeaderName, StatusCode, header};
use serde_json::json;

use crate::auth::login;
use crate::error::{Error, Kind};
use crate::http::{Call, answer};
use crate::limit::network;
use crate::page;
use crate::session::Credentials;
use crate::session::store::{self, Which};

use super::{Accounts, Fields, accounts, cookie, pages};

/// `GET /auth/login`
///
/// # Errors
/// 500 when the template fails.
pub async fn form(call: Call) -> Result<Response, Error> {
    let query = call.query()?;
    let next = query
        .iter()
        .find(|(n, _)| n == "next")
        .map_or("", |(_, v)| v.as_str());
    let next = if answer::is_local_path(next) {
        next
    } else {
        ""
    };
    page::render_for(
        &call,
        StatusCode::OK,
        &pages::Login {
            next,
            username: "",
            problem: "",
        },
    )
}

/// `POST /auth/login`: 303 and the cookie for a form, `{user}` and the cookie for JSON.
///
/// # Errors
/// 401 for wrong credentials, 429 after too many of them, 400 for anything else in the body. A form
/// gets its page back.
pub async fn submit(mut call: Call) -> Result<Response, Error> {
    let fields = Fields::read(&mut call, &["username", "password", "next"]).await?;
    let accounts = accounts(&call.request)?;
    let outcome = attempt(&call, &accounts, &fields).await;
    match (outcome, fields.json) {
        (Ok(response), _) => Ok(response),
        (Err(error), false) if error.kind != Kind::Internal => {
            let next = fields.get("next");
            let next = if answer::is_local_path(next) {
                next
            } else {
                ""
            };
            let problem = pages::sentences(&error);
            let card = pages::Login {
                next,
                username: fields.get("username"),
                problem: &problem,
            };
            let response = page::render_for(&call, pages::status(&error), &card)?;
            let Some(seconds) = error.retry_after else {
                return Ok(response);
            };
            Ok(answer::with(
                response,
                header::RETRY_AFTER,
                &seconds.to_string(),
            ))
        }
        (Err(error), _) => Err(error),
    }
}

async fn attempt(call: &Call, accounts: &Accounts, fields: &Fields) -> Result<Response, Error> {
    if let Some(address) = call.ctx.address {
        let now = u64::try_from(accounts.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let decision = accounts.attempts.hit(&network(address), now);
        if !decision.allowed {
            let detail = "Too many logins from this address; wait before the next one.";
            return Err(Error {
                retry_after: Some(decision.retry_after_seconds),
                ..Error::new(Kind::TooManyRequests, "login_rate_limited", detail)
            });
        }
    }
    let credentials = (fields.get("username"), fields.get("password"));
    let db = call.engine.db();
    let user = login::login(db, &accounts.passwords, credentials, call.ctx.address).await?;
    // A fresh id at every login; the one the browser came with dies (R12).
    if let Some(old) = call.ctx.principal.session {
        store::end(db, Which::One(old)).await?;
        accounts.identity.changed();
    }
    open(call, accounts, user, fields).await
}

/// Makes a session for `user` and answers with its cookie.
pub(super) async fn open(
    call: &Call,
    accounts: &Accounts,
    user: i64,
    fields: &Fields,
) -> Result<Response, Error> {
    let lifetime = accounts.identity.lifetime();
    let client = (call.ctx.address, call.header("user-agent"));
    let value = store::create(call.engine.db(), lifetime, user, client).await?;
    let response = if fields.json {
        let principal = accounts
            .identity
            .identify(Credentials::Cookie(value.expose()))
            .await?;
        let user = principal.as_ref().and_then(|p| p.user.as_ref());
        let user = user.ok_or_else(Error::unauthenticated)?;
        answer::json_value(StatusCode::OK, &json!({"user": describe(user)}))
    } else {
        let next = fields.get("next");
        answer::see_other(if next.is_empty() { "/" } else { next })
    };
    let cookie = cookie::set(
        accounts.https,
        value.expose(),
        lifetime.max_age.num_seconds(),
    );
    Ok(answer::with(response, header::SET_COOKIE, &cookie))
}

fn describe(user: &crate::acl::User) -> serde_json::Value {
    json!({
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "is_superuser": user.superuser,
    })
}

/// `POST /auth/logout`: ends the session; 303 for a form, 204 for anything else.
///
/// # Errors
/// What the database said: a session is never said to have ended when it has not.
pub async fn logout(call: Call) -> Result<Response, Error> {
    const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
    let accounts = accounts(&call.request)?;
    if let Some(session) = call.ctx.principal.session {
        store::end(call.engine.db(), Which::One(session)).await?;
        accounts.identity.changed();
    }
    let from_form = crate::http::body::media_type(&call.request).as_deref()
        == Some("application/x-www-form-urlencoded");
    let response = if from_form {
        answer::see_other("/auth/login")
    } else {
        answer::empty(StatusCode::NO_CONTENT)
    };
    let response = answer::with(response, CLEAR_SITE_DATA, "\"cookies\", \"storage\"");
    Ok(answer::with(
        response,
        header::SET_COOKIE,
        &cookie::clear(accounts.https),
    ))
}

/// `GET /auth/session`: who is logged in.
///
/// # Errors
/// 401 for nobody.
pub async fn current(call: Call) -> Result<Response, Error> {
    let user = call
        .ctx
        .principal
        .user
        .as_ref()
        .ok_or_else(Error::unauthenticated)?;
    let mut told = json!({"user": describe(user)});
    if let Some(viewer) = &call.ctx.principal.viewer {
        told["viewer"] = json!({"id": viewer.id, "username": viewer.username});
    }
    Ok(answer::json_value(StatusCode::OK, &told))
}
