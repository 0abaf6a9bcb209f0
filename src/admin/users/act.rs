//! What the forms of a user's page do.

use poem::Response;
use serde_json::{Value as Json, json};

use crate::account::{accounts, others as door, pages};
use crate::crud::{IfMatch, Target};
use crate::error::{Error, Kind};
use crate::http::{Call, answer};
use crate::model::{Input, Verb};
use crate::page::clock;
use crate::page::form::posted;
use crate::session::others;

use super::access::{Said, record, rows, show};

type Fields = Vec<(String, String)>;

fn sent<'a>(fields: &'a Fields, name: &str) -> &'a str {
    let found = fields.iter().find(|(n, _)| n == name);
    found.map_or("", |(_, v)| v)
}

fn back(call: &Call, done: &str) -> Response {
    answer::see_other(&format!(
        "/admin/_users/{}?done={done}",
        call.raw_param("id")
    ))
}

fn id(call: &Call) -> Result<i64, Error> {
    call.param("id").parse().map_err(|_| Error::not_found())
}

/// `POST /admin/_users/{id}/state`: suspends the account, or ends that.
pub(crate) async fn state(mut call: Call) -> Result<Response, Error> {
    let fields = posted(&mut call).await?;
    let active = sent(&fields, "active") == "true";
    let model = call.engine.model("qd_user")?.id;
    let body = Input::Object(vec![("is_active".to_owned(), Input::Bool(active))]);
    let key = call.raw_param("id");
    let target = Target {
        key,
        // Whatever else has changed meanwhile, a login above all, it is meant.
        condition: &IfMatch::Exists,
    };
    call.engine
        .update(&call.ctx, (model, Verb::Patch), target, body)
        .await?;
    Ok(back(&call, if active { "active" } else { "suspended" }))
}

/// `POST /admin/_users/{id}/roles`: one bulk of what is ticked and was not, and the other way round.
pub(crate) async fn roles(mut call: Call) -> Result<Response, Error> {
    let fields = posted(&mut call).await?;
    let user = record(&call).await?;
    let id = user["id"].to_string();
    let wanted: Vec<&str> = (fields.iter())
        .filter(|(name, _)| name == "role")
        .map(|(_, role)| role.as_str())
        .collect();
    let held = rows(&call.engine, &call.ctx, "qd_user_role", &[("user_id", &id)]).await;
    let held: Vec<String> = held.iter().map(|r| r["role_id"].to_string()).collect();
    let key = |text: &str| text.parse::<i64>().map_or(Json::Null, Json::from);
    let given = wanted.iter().filter(|w| !held.iter().any(|h| h == *w));
    let given = given.map(|role| {
        let data = json!({"user_id": user["id"], "role_id": key(role)});
        json!({"verb": "create", "data": data})
    });
    // Only what the page showed can have been unticked.
    let shown: Vec<&str> = sent(&fields, "shown").split(',').collect();
    let taken = held
        .iter()
        .filter(|h| shown.contains(&h.as_str()) && !wanted.contains(&h.as_str()));
    let taken = taken.map(|role| json!({"verb": "delete", "id": format!("{id},{role}")}));
    let operations: Vec<Json> = given.chain(taken).collect();
    if operations.is_empty() {
        return Ok(back(&call, "roles"));
    }
    let body = Input::from(&json!({"atomic": true, "operations": operations}));
    let model = call.engine.model("qd_user_role")?.id;
    match call.engine.bulk(&call.ctx, model, (None, body)).await {
        Ok(_) => Ok(back(&call, "roles")),
        Err(error) if matches!(error.kind, Kind::Conflict | Kind::Invalid | Kind::NotFound) => {
            refused(&call, &error).await
        }
        Err(error) => Err(error),
    }
}

async fn refused(call: &Call, error: &Error) -> Result<Response, Error> {
    let said = Said {
        problem: pages::sentences(error),
        ..Said::default()
    };
    show(call, pages::status(error), "", said).await
}

/// `POST /admin/_users/{id}/link`: makes a link, and shows it this once.
pub(crate) async fn link(mut call: Call) -> Result<Response, Error> {
    posted(&mut call).await?;
    let accounts = accounts(&call.request)?;
    let (secret, until) = others::offer_link(&call.engine, &call.ctx, id(&call)?).await?;
    let url = door::address(&call, accounts.public_url.as_deref(), secret.expose());
    let said = Said {
        link: Some((url, clock::shown(&clock::text(until)))),
        ..Said::default()
    };
    show(&call, poem::http::StatusCode::CREATED, "", said).await
}

/// `POST /admin/_users/{id}/password`
pub(crate) async fn password(mut call: Call) -> Result<Response, Error> {
    let fields = posted(&mut call).await?;
    let accounts = accounts(&call.request)?;
    let of = (&*call.engine, &*accounts.identity);
    let given = (id(&call)?, sent(&fields, "new"));
    match others::give_password(of, &call.ctx, &accounts.passwords, given).await {
        Ok(()) => Ok(back(&call, "password")),
        Err(error) if matches!(error.kind, Kind::Invalid | Kind::Malformed) => {
            let said = Said {
                password: pages::sentences(&error),
                ..Said::default()
            };
            show(&call, pages::status(&error), "", said).await
        }
        Err(error) => Err(error),
    }
}

/// `POST /admin/_users/{id}/sessions`: ends one, or all.
pub(crate) async fn end_session(mut call: Call) -> Result<Response, Error> {
    let fields = posted(&mut call).await?;
    let user = record(&call).await?;
    let id = user["id"].to_string();
    let model = call.engine.model("qd_session")?.id;
    let open = rows(&call.engine, &call.ctx, "qd_session", &[("user_id", &id)]).await;
    let wanted = sent(&fields, "id");
    let keys = open.iter().map(|row| row["id"].to_string());
    let ended: Vec<Json> = keys
        .filter(|key| wanted == "all" || wanted == key)
        .map(|key| json!({"verb": "delete", "id": key}))
        .collect();
    if ended.is_empty() {
        return Err(Error::not_found());
    }
    let body = Input::from(&json!({"atomic": true, "operations": ended}));
    call.engine.bulk(&call.ctx, model, (None, body)).await?;
    Ok(back(&call, "session"))
}
