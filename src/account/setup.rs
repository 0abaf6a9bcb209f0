//! `/auth/setup`: the first user, by the one-time link that a start without users prints.

use poem::Response;
use poem::http::StatusCode;

use crate::auth::setup;
use crate::error::{Error, Kind};
use crate::http::Call;
use crate::page;

use super::{Fields, accounts, login, pages};

/// `GET /auth/setup?token=…`
///
/// # Errors
/// 404 for a link that is not good.
pub async fn form(call: Call) -> Result<Response, Error> {
    let query = call.query()?;
    let token = query
        .iter()
        .find(|(n, _)| n == "token")
        .map_or("", |(_, v)| v.as_str());
    if !setup::is_open(call.engine.db(), token).await? {
        return Err(Error::not_found());
    }
    page::render_for(
        &call,
        StatusCode::OK,
        &pages::Setup {
            token,
            username: "",
            problem: "",
        },
    )
}

/// `POST /auth/setup`: makes the superuser and logs in.
///
/// # Errors
/// 404 for a link that is not good, 422 for a bad name or a weak password.
pub async fn submit(mut call: Call) -> Result<Response, Error> {
    let fields = Fields::read(&mut call, &["token", "username", "password"]).await?;
    let accounts = accounts(&call.request)?;
    let wanted = (fields.get("username"), fields.get("password"));
    let token = fields.get("token");
    let made = setup::claim(call.engine.db(), &accounts.passwords, token, wanted).await;
    match made {
        Ok(user) => {
            accounts.identity.changed();
            login::open(&call, &accounts, user, &fields).await
        }
        Err(error) if error.kind == Kind::Invalid && !fields.json => {
            let problem = pages::sentences(&error);
            let card = pages::Setup {
                token,
                username: wanted.0,
                problem: &problem,
            };
            page::render_for(&call, pages::status(&error), &card)
        }
        Err(error) => Err(error),
    }
}
