//! `/auth/reset`: a user chooses a password by a link that an administrator has made. And
//! `/auth/forgotten`, which says how to come by one: it asks for no name, so it tells of none.

use poem::Response;
use poem::http::StatusCode;

use crate::auth::link;
use crate::error::{Error, Kind};
use crate::http::Call;
use crate::page;

use super::{Fields, accounts, login, pages};

/// `GET /auth/forgotten`
///
/// # Errors
/// 500 when the template fails.
pub async fn forgotten(call: Call) -> Result<Response, Error> {
    page::render_for(&call, StatusCode::OK, &pages::Forgotten {})
}

/// `GET /auth/reset?token=…`
///
/// # Errors
/// 404 for a link that is not good.
pub async fn form(call: Call) -> Result<Response, Error> {
    let query = call.query()?;
    let token = query.iter().find(|(n, _)| n == "token");
    let token = token.map_or("", |(_, v)| v.as_str());
    show(&call, StatusCode::OK, token, "").await
}

async fn show(
    call: &Call,
    status: StatusCode,
    token: &str,
    problem: &str,
) -> Result<Response, Error> {
    let Some(user) = link::owner(call.engine.db(), token).await? else {
        return page::render_for(call, StatusCode::NOT_FOUND, &pages::Expired {});
    };
    let card = pages::Reset {
        token,
        username: &user.username,
        problem,
    };
    page::render_for(call, status, &card)
}

/// `POST /auth/reset`: sets the password and logs in.
///
/// # Errors
/// 404 for a link that is not good, 422 for a weak password. A form gets its page back.
pub async fn submit(mut call: Call) -> Result<Response, Error> {
    // The name is there for the browser's password manager.
    let fields = Fields::read(&mut call, &["token", "username", "password"]).await?;
    let accounts = accounts(&call.request)?;
    let token = fields.get("token");
    let db = call.engine.db();
    match link::claim(db, &accounts.passwords, token, fields.get("password")).await {
        Ok(user) => {
            accounts.identity.changed();
            login::open(&call, &accounts, user, &fields).await
        }
        Err(error) if fields.json || !matches!(error.kind, Kind::Invalid | Kind::NotFound) => {
            Err(error)
        }
        Err(error) => {
            let problem = pages::sentences(&error);
            show(&call, pages::status(&error), token, &problem).await
        }
    }
}
