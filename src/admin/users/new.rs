//! `/admin/_users/new`: somebody new, with their roles and either a password or a link to choose one.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;
use serde_json::{Value as Json, json};

use crate::account::{accounts, pages};
use crate::admin::shell::Shell;
use crate::auth::accounts as users;
use crate::error::{Error, Kind};
use crate::http::{Call, answer};
use crate::model::{Input, Verb};
use crate::page::form::posted;
use crate::page::words::{reasons, t};
use crate::page::{self, filters};
use crate::session::others;

use super::access::rows;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/user_new.html")]
struct NewPage {
    shell: Shell,
    draft: Draft,
    roles: Vec<(String, String, bool)>,
    may_rule: bool,
    faults: Vec<String>,
}

/// Somebody as the form has them.
#[derive(Debug, Default)]
struct Draft {
    username: String,
    email: String,
    full_name: String,
    superuser: bool,
    by_password: bool,
    roles: Vec<String>,
}

/// `GET /admin/_users/new`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let model = call.engine.model("qd_user")?;
    call.engine.scope(&call.ctx, Verb::Create, model.id)?;
    show(&call, StatusCode::OK, Draft::default(), Vec::new()).await
}

async fn show(
    call: &Call,
    status: StatusCode,
    draft: Draft,
    faults: Vec<String>,
) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let roles = rows(engine, ctx, "qd_role", &[("sort", "name")]).await;
    let new = NewPage {
        roles: roles
            .iter()
            .map(|role| {
                let key = role["id"].to_string();
                let ticked = draft.roles.contains(&key);
                (
                    key,
                    role["name"].as_str().unwrap_or_default().to_owned(),
                    ticked,
                )
            })
            .collect(),
        may_rule: ctx.principal.is_superuser() && ctx.principal.token.is_none(),
        shell: Shell::new(engine, ctx)
            .through(t("Users"), "/admin/_users".to_owned())
            .here(t("New user"))
            .doing("POST", "/api/v1/qd_user")
            .sending("{\"username\":\"ann\",\"email\":\"ann@example.org\"}"),
        draft,
        faults,
    };
    page::render(status, &new)
}

/// `POST /admin/_users/new`
pub(crate) async fn create(mut call: Call) -> Result<Response, Error> {
    let fields = posted(&mut call).await?;
    let sent = |name: &str| {
        let found = fields.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, v)| v.trim())
    };
    let roles = fields.iter().filter(|(name, _)| name == "role");
    let draft = Draft {
        username: sent("username").to_owned(),
        email: sent("email").to_owned(),
        full_name: sent("full_name").to_owned(),
        superuser: sent("superuser") == "true",
        by_password: sent("how") == "password",
        roles: roles.map(|(_, role)| role.clone()).collect(),
    };
    let password = fields.iter().find(|(n, _)| n == "password");
    let password = password.map_or("", |(_, v)| v.as_str());
    match make(&call, &draft, password).await {
        Ok(id) => {
            let done = if draft.by_password {
                "ready"
            } else {
                "created"
            };
            Ok(answer::see_other(&format!(
                "/admin/_users/{id}?done={done}"
            )))
        }
        Err(error) if matches!(error.kind, Kind::Invalid | Kind::Conflict | Kind::Malformed) => {
            show(&call, pages::status(&error), draft, reasons(&error)).await
        }
        Err(error) => Err(error),
    }
}

/// Makes the user, gives the roles, and the password if there is one: nobody can log in before the
/// last step is done, and what fails on the way leaves no more than an account without a password.
async fn make(call: &Call, draft: &Draft, password: &str) -> Result<String, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let accounts = accounts(&call.request)?;
    if draft.by_password {
        // A weak one is told before anything is made.
        users::check(&accounts.passwords, password)?;
    }
    let text = |text: &str| match text {
        "" => Json::Null,
        text => text.into(),
    };
    let mut body = json!({"username": draft.username});
    for (name, value) in [("email", &draft.email), ("full_name", &draft.full_name)] {
        if !value.is_empty() {
            body[name] = text(value);
        }
    }
    if draft.superuser {
        body["is_superuser"] = true.into();
    }
    let model = engine.model("qd_user")?.id;
    let made = engine.create(ctx, model, Input::from(&body)).await?;
    let id: i64 = made.key.parse().map_err(Error::internal)?;
    let role = |role: &String| {
        let role = role.parse::<i64>().map_or(Json::Null, Json::from);
        json!({"verb": "create", "data": {"user_id": id, "role_id": role}})
    };
    let operations: Vec<Json> = draft.roles.iter().map(role).collect();
    if !operations.is_empty() {
        let body = Input::from(&json!({"atomic": true, "operations": operations}));
        let model = engine.model("qd_user_role")?.id;
        engine.bulk(ctx, model, (None, body)).await?;
    }
    if draft.by_password {
        let of = (&**engine, &*accounts.identity);
        others::give_password(of, ctx, &accounts.passwords, (id, password)).await?;
    }
    Ok(made.key)
}
