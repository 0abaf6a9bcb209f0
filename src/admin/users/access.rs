//! `/admin/_users/{id}`: one user's state, roles, credentials and sessions.

use askama::Template;
use poem::Response;
use poem::http::StatusCode;
use serde_json::Value as Json;

use crate::admin::account::client;
use crate::admin::address::Query;
use crate::admin::shell::Shell;
use crate::crud::{Context, Engine, ListRequest};
use crate::error::Error;
use crate::http::Call;
use crate::model::Verb;
use crate::page::words::t;
use crate::page::{self, clock, filters};
use crate::store::now;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/user.html")]
struct AccessPage {
    shell: Shell,
    id: String,
    name: String,
    email: String,
    active: bool,
    superuser: bool,
    /// Whether it is the caller's own account.
    own: bool,
    has_logged_in: bool,
    roles: Vec<(String, String, bool)>,
    sessions: Vec<Open>,
    /// Whether the caller may change its state.
    may_change: bool,
    /// Whether the caller may give roles and passwords.
    may_rule: bool,
    said: Said,
}

/// A session.
#[derive(Debug)]
struct Open {
    id: String,
    client: String,
    agent: String,
    ip: String,
    seen: String,
    seen_at: String,
}

/// What there is to say of what was just tried.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The link that was just made, and when it ends.
    pub(super) link: Option<(String, String)>,
    /// Why the password was not given.
    pub(super) password: String,
    /// Why anything else was not done.
    pub(super) problem: String,
}

/// `GET /admin/_users/{id}`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let query = Query(call.query()?);
    let flash = match query.get("done") {
        Some("created") => {
            t("The user was made. Without a password nobody can log in as them yet.")
        }
        Some("ready") => t("The user was made and can log in."),
        Some("roles") => t("The roles were saved. They count from the next request on."),
        Some("suspended") => t("The account is suspended: it is refused from now on."),
        Some("active") => t("The account is active again."),
        Some("password") => t("The password was set, and every session of the user has ended."),
        Some("session") => t("The session was ended."),
        _ => "",
    };
    show(&call, StatusCode::OK, flash, Said::default()).await
}

/// The user's record.
pub(super) async fn record(call: &Call) -> Result<Json, Error> {
    let model = call.engine.model("qd_user")?.id;
    let record = call
        .engine
        .read(&call.ctx, model, call.raw_param("id"), &[])
        .await?;
    serde_json::from_slice(&record.body).map_err(Error::internal)
}

/// The page, with what is to be said.
pub(super) async fn show(
    call: &Call,
    status: StatusCode,
    flash: &str,
    said: Said,
) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let user = record(call).await?;
    let id = user["id"].to_string();
    let text = |name: &str| user[name].as_str().unwrap_or_default().to_owned();
    let principal = &ctx.principal;
    let held = rows(engine, ctx, "qd_user_role", &[("user_id", &id)]).await;
    let held: Vec<String> = held.iter().map(|r| r["role_id"].to_string()).collect();
    let roles = rows(engine, ctx, "qd_role", &[("sort", "name")]).await;
    let users = engine.model("qd_user")?.id;
    let rules = principal.is_superuser() && principal.token.is_none();
    let access = AccessPage {
        name: text("username"),
        email: text("email"),
        active: user["is_active"] != false,
        superuser: user["is_superuser"] == true,
        own: principal
            .user
            .as_ref()
            .is_some_and(|u| u.id.to_string() == id),
        has_logged_in: user["last_login_at"].is_string(),
        roles: roles
            .iter()
            .map(|role| {
                let key = role["id"].to_string();
                let holds = held.contains(&key);
                (
                    key,
                    role["name"].as_str().unwrap_or_default().to_owned(),
                    holds,
                )
            })
            .collect(),
        sessions: sessions(engine, ctx, &id).await,
        may_change: engine.may(ctx, Verb::Patch, users),
        may_rule: rules,
        said,
        shell: Shell::new(engine, ctx)
            .through(t("Users"), "/admin/_users".to_owned())
            .here(text("username"))
            .saying(flash)
            .doing("GET", &format!("/api/v1/qd_user/{id}?expand=roles")),
        id,
    };
    page::render(status, &access)
}

async fn sessions(engine: &Engine, ctx: &Context, user: &str) -> Vec<Open> {
    let open = rows(engine, ctx, "qd_session", &[("user_id", user)]).await;
    let now = now();
    let text = |row: &Json, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    open.iter()
        .filter(|row| {
            let end = chrono::DateTime::parse_from_rfc3339(&text(row, "expires_at"));
            end.is_ok_and(|end| end > now)
        })
        .map(|row| {
            let (agent, seen) = (text(row, "user_agent"), text(row, "seen_at"));
            Open {
                id: row["id"].to_string(),
                client: client(&agent),
                agent,
                ip: text(row, "ip"),
                seen: clock::ago(&seen, now),
                seen_at: clock::shown(&seen),
            }
        })
        .collect()
}

/// The first hundred records; none where the caller may not list them.
pub(super) async fn rows(
    engine: &Engine,
    ctx: &Context,
    slug: &str,
    parameters: &[(&str, &str)],
) -> Vec<Json> {
    let fixed = [("limit", "100"), ("count", "none")];
    let parameters: Vec<(String, String)> = fixed
        .iter()
        .chain(parameters)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let Ok(model) = engine.model(slug) else {
        return Vec::new();
    };
    let request = ListRequest::Parameters(&parameters);
    let page = engine.list(ctx, model.id, request).await;
    let rows = page.map(|p| serde_json::from_slice(&p.body[p.data.clone()]).unwrap_or_default());
    rows.unwrap_or_default()
}

impl AccessPage {
    /// What the state of the account is called.
    fn state(&self) -> String {
        match (self.active, self.has_logged_in) {
            (false, _) => t("suspended").to_owned(),
            (true, true) => t("active").to_owned(),
            (true, false) => t("has never logged in").to_owned(),
        }
    }
}
