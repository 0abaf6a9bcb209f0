//! `/admin/_users`: people and what they may do. It is a view of `qd_user`, `qd_user_role` and
//! `qd_session`: reading is the caller's lists of them, changing is ordinary writes; passwords and
//! links are the account door's.

mod access;
mod act;
mod new;

pub(crate) use access::page as access;
pub(crate) use act::{end_session, link, password, roles, state};
pub(crate) use new::{create, page as new};

use askama::Template;
use poem::Response;
use poem::http::StatusCode;
use serde_json::Value as Json;

use crate::admin::address::Query;
use crate::admin::shell::Shell;
use crate::crud::ListRequest;
use crate::error::Error;
use crate::http::Call;
use crate::model::Verb;
use crate::page::words::t;
use crate::page::{self, clock, filters};
use crate::store::now;

/// Users on a page.
const LIMIT: &str = "50";

/// The page of all users.
#[derive(Debug, Template)]
#[template(path = "admin/users.html")]
struct UsersPage {
    shell: Shell,
    q: String,
    users: Vec<Person>,
    next: String,
    prev: String,
    may_create: bool,
}

/// A user.
#[derive(Debug)]
struct Person {
    id: String,
    name: String,
    full_name: String,
    email: String,
    superuser: bool,
    active: bool,
    roles: Vec<String>,
    seen: String,
    seen_at: String,
}

/// `GET /admin/_users`
pub(crate) async fn all(call: Call) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let query = Query(call.query()?);
    let q = query.get("q").unwrap_or_default().trim().to_owned();
    let model = engine.model("qd_user")?;
    let roles = engine.model("qd_role")?;
    let mut parameters = vec![("limit".to_owned(), LIMIT.to_owned())];
    // A relation to what the caller may not list does not exist for them.
    let joined = [roles.id, engine.model("qd_user_role")?.id];
    if joined.into_iter().all(|m| engine.may(ctx, Verb::List, m)) {
        parameters.push(("expand".to_owned(), "roles".to_owned()));
    }
    for name in ["q", "cursor"] {
        let given = query.get(name).filter(|v| !v.trim().is_empty());
        parameters.extend(given.map(|v| (name.to_owned(), v.trim().to_owned())));
    }
    let page = engine
        .list(ctx, model.id, ListRequest::Parameters(&parameters))
        .await?;
    let rows: Vec<Json> =
        serde_json::from_slice(&page.body[page.data.clone()]).map_err(Error::internal)?;
    let to = |cursor: Option<String>| {
        let cursor = cursor.map(|c| query.without(&["cursor"]).with("cursor", &c));
        cursor.map(|q| q.list("_users")).unwrap_or_default()
    };
    let users = UsersPage {
        users: rows.iter().map(person).collect(),
        next: to(page.next),
        prev: to(page.prev),
        may_create: engine.may(ctx, Verb::Create, model.id),
        shell: Shell::new(engine, ctx)
            .here(t("Users"))
            .doing("GET", "/api/v1/qd_user?expand=roles"),
        q,
    };
    page::render(StatusCode::OK, &users)
}

fn person(row: &Json) -> Person {
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let seen = text("last_login_at");
    let roles = row["roles"]["data"].as_array().into_iter().flatten();
    Person {
        id: row["id"].to_string(),
        name: text("username"),
        full_name: text("full_name"),
        email: text("email"),
        superuser: row["is_superuser"] == true,
        active: row["is_active"] != false,
        roles: roles
            .filter_map(|r| r["name"].as_str().map(ToOwned::to_owned))
            .collect(),
        seen: if seen.is_empty() {
            String::new()
        } else {
            clock::ago(&seen, now())
        },
        seen_at: clock::shown(&seen),
    }
}
