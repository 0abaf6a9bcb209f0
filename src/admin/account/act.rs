//! What the forms of the page do.

use chrono::TimeDelta;
use poem::Response;
use poem::http::{StatusCode, header};

use crate::account::{accounts, cookie, pages};
use crate::auth::wanted;
use crate::error::{Error, Fault, Kind};
use crate::http::{Call, answer};
use crate::page::form::posted;
use crate::page::words::{reasons, t};
use crate::session::store;
use crate::store::now;

use super::scopes::Draft;
use super::{Said, own, show};

type Fields = Vec<(String, String)>;

fn sent<'a>(fields: &'a Fields, name: &str) -> &'a str {
    let found = fields.iter().find(|(n, _)| n == name);
    found.map_or("", |(_, v)| v)
}

fn back(done: &str) -> Response {
    answer::see_other(&format!("/admin/_account?done={done}"))
}

/// `POST /admin/_account/password`: every session ends, and this browser gets a new one (R12).
pub(crate) async fn password(mut call: Call) -> Result<Response, Error> {
    let fields = posted(&mut call).await?;
    let accounts = accounts(&call.request)?;
    let (current, new) = (sent(&fields, "current"), sent(&fields, "new"));
    let changed = if new == sent(&fields, "again") {
        let own = own(&call, &accounts)?;
        own.change_password(&accounts.passwords, (current, new))
            .await
    } else {
        let detail = t("The two new passwords differ.");
        Err(Error::invalid(vec![Fault::field(
            "again", "differs", detail,
        )]))
    };
    match changed {
        Ok(()) => {}
        Err(error) if mendable(&error) || error.kind == Kind::Unauthenticated => {
            let password = match error.kind {
                Kind::Unauthenticated => t("The current password is wrong.").to_owned(),
                _ => pages::sentences(&error),
            };
            let said = Said {
                password,
                ..Said::default()
            };
            // 401 would make a browser of a proxy ask for another login.
            let status = match error.kind {
                Kind::Unauthenticated => StatusCode::UNPROCESSABLE_ENTITY,
                _ => pages::status(&error),
            };
            return show(&call, status, "", (Draft::default(), said)).await;
        }
        Err(error) => return Err(error),
    }
    let user = call.ctx.principal.user.as_ref().map_or(0, |u| u.id);
    let lifetime = accounts.identity.lifetime();
    let client = (call.ctx.address, call.header("user-agent"));
    let value = store::create(call.engine.db(), lifetime, user, client).await?;
    let age = lifetime.max_age.num_seconds();
    let cookie = cookie::set(accounts.https, value.expose(), age);
    Ok(answer::with(back("password"), header::SET_COOKIE, &cookie))
}

/// `POST /admin/_account/sessions`: ends one, or all others.
pub(crate) async fn end_session(mut call: Call) -> Result<Response, Error> {
    let fields = posted(&mut call).await?;
    let accounts = accounts(&call.request)?;
    let own = own(&call, &accounts)?;
    match sent(&fields, "id") {
        "others" => {
            own.end_others().await?;
            Ok(back("others"))
        }
        id => {
            let id = id.parse().map_err(|_| Error::not_found())?;
            own.end_session(id).await?;
            Ok(back("session"))
        }
    }
}

/// `POST /admin/_account/tokens`: makes one, and shows it this once.
pub(crate) async fn make_token(mut call: Call) -> Result<Response, Error> {
    let fields = posted(&mut call).await?;
    let draft = Draft::of(&fields);
    match make(&call, &draft).await {
        Ok(made) => {
            let said = Said {
                made: Some(made),
                ..Said::default()
            };
            show(&call, StatusCode::CREATED, "", (Draft::default(), said)).await
        }
        Err(error) if mendable(&error) => {
            let said = Said {
                token: reasons(&error),
                ..Said::default()
            };
            show(&call, pages::status(&error), "", (draft, said)).await
        }
        Err(error) => Err(error),
    }
}

async fn make(call: &Call, draft: &Draft) -> Result<(String, String), Error> {
    let accounts = accounts(&call.request)?;
    let mut faults = Vec::new();
    let expires_at = match draft.days.as_str() {
        "" => None,
        days => {
            let days = days.parse().ok().and_then(TimeDelta::try_days);
            let end = days.and_then(|d| now().checked_add_signed(d));
            if end.is_none() {
                faults.push(Fault::field("days", "type", "This is no number of days."));
            }
            end
        }
    };
    let parts = (draft.name.clone(), draft.scopes(), expires_at);
    let new = wanted::checked((&call.engine, &call.ctx), parts, faults)?;
    let (row, text) = own(call, &accounts)?.make_token(new).await?;
    Ok((row.name, text.expose().to_owned()))
}

/// `POST /admin/_account/revoke`
pub(crate) async fn revoke_token(mut call: Call) -> Result<Response, Error> {
    let fields = posted(&mut call).await?;
    let accounts = accounts(&call.request)?;
    let id = sent(&fields, "id")
        .parse()
        .map_err(|_| Error::not_found())?;
    own(&call, &accounts)?.revoke_token(id).await?;
    Ok(back("token"))
}

/// Whether the form can be sent again, changed.
fn mendable(error: &Error) -> bool {
    matches!(
        error.kind,
        Kind::Invalid | Kind::Malformed | Kind::Conflict | Kind::TooManyRequests
    )
}
