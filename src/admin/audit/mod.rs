//! `/admin/_audit`: who did what, with filters; and whether the chain of it is whole. It is a view of
//! `qd_audit` and `qd_audit_seal`.

mod entry;

use askama::Template;
use chrono::NaiveDate;
use poem::Response;
use poem::http::StatusCode;
use serde_json::Value as Json;

use crate::admin::address::Query;
use crate::admin::shell::Shell;
use crate::admin::value::event;
use crate::audit::status;
use crate::crud::{Context, Engine, ListRequest};
use crate::error::Error;
use crate::http::Call;
use crate::model::Verb;
use crate::page::words::t;
use crate::page::{self, clock, filters};

use self::entry::Entry;

/// Filters that are the API's own.
const EXACT: [&str; 6] = [
    "username",
    "model",
    "verb",
    "door",
    "record_id",
    "request_id",
];

/// What is done beside the verbs that write; `crate::crud::note` writes them.
const DEEDS: [&str; 11] = [
    "create",
    "replace",
    "patch",
    "delete",
    "set_password",
    "make_link",
    "make_token",
    "revoke_token",
    "end_session",
    "view_as",
    "end_view",
];

const DOORS: [&str; 5] = ["rest", "admin", "cli", "plugin", "job"];

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/audit.html")]
struct AuditPage {
    shell: Shell,
    query: Query,
    models: Vec<(String, String)>,
    entries: Vec<Entry>,
    next: String,
    prev: String,
    seal: Option<Seal>,
    verify: String,
    chain: Option<Chain>,
    filtered: bool,
}

/// The last seal.
#[derive(Debug)]
struct Seal {
    at: String,
    highest: String,
    head: String,
    /// Its first letters.
    begin: String,
}

/// What a verification found.
#[derive(Debug)]
struct Chain {
    fault: String,
    rows: String,
    seals: String,
    unsealed: i64,
}

/// `GET /admin/_audit`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let model = engine.model("qd_audit")?;
    engine.scope(ctx, Verb::List, model.id)?;
    let mut query = Query(call.query()?);
    query.0.retain(|(_, value)| !value.trim().is_empty());
    let verify = query.get("verify").is_some();
    let query = query.without(&["verify"]);
    let parameters = parameters(&query)?;
    let page = engine
        .list(ctx, model.id, ListRequest::Parameters(&parameters))
        .await?;
    let rows: Vec<Json> =
        serde_json::from_slice(&page.body[page.data.clone()]).map_err(Error::internal)?;
    let to = |cursor: Option<String>| {
        let there = cursor.map(|c| query.with("cursor", &c).list("_audit"));
        there.unwrap_or_default()
    };
    let seals = engine.model("qd_audit_seal")?.id;
    let may_verify = engine.may(ctx, Verb::List, seals);
    let chain = match verify && may_verify {
        true => Some(chain(&status(engine, ctx, None).await?)),
        false => None,
    };
    let audit = AuditPage {
        entries: rows.iter().map(|row| Entry::of(engine, ctx, row)).collect(),
        models: models(engine, ctx),
        next: to(page.next),
        prev: to(page.prev),
        seal: if may_verify {
            last_seal(engine, ctx).await?
        } else {
            None
        },
        verify: query.with("verify", "1").list("_audit"),
        chain,
        filtered: !query.without(&["cursor"]).0.is_empty(),
        shell: Shell::new(engine, ctx).here(t("Audit log")).doing(
            "GET",
            &format!("/api/v1/qd_audit?{}", Query(parameters).text()),
        ),
        query,
    };
    page::render(StatusCode::OK, &audit)
}

/// The list's parameters, in the API's grammar.
fn parameters(query: &Query) -> Result<Vec<(String, String)>, Error> {
    let mut all = vec![("limit".to_owned(), "50".to_owned())];
    for (name, value) in &query.0 {
        let value = value.trim();
        match name.as_str() {
            name if EXACT.contains(&name) || name == "cursor" => {
                all.push((name.to_owned(), value.to_owned()));
            }
            "from" => all.push(("at__gte".to_owned(), midnight(name, value, 0)?)),
            "to" => all.push(("at__lt".to_owned(), midnight(name, value, 1)?)),
            _ => {
                let allowed = EXACT.join(", ");
                let detail = format!(
                    "There is no parameter {name:?} here; allowed: {allowed}, from, to, cursor."
                );
                return Err(Error::parameter(name, "unknown_parameter", detail));
            }
        }
    }
    Ok(all)
}

/// Where a day begins in the viewer's zone, or the day after it.
fn midnight(name: &str, text: &str, later: u64) -> Result<String, Error> {
    let wrong = || Error::parameter(name, "type", format!("{name} is a day such as 2026-01-31."));
    let day: NaiveDate = text.parse().map_err(|_| wrong())?;
    let day = day
        .checked_add_days(chrono::Days::new(later))
        .ok_or_else(wrong)?;
    Ok(clock::text(clock::begin(day)))
}

/// The models that the caller may list, to choose one.
fn models(engine: &Engine, ctx: &Context) -> Vec<(String, String)> {
    let all = engine.registry().models().iter();
    all.filter(|m| engine.may(ctx, Verb::List, m.id))
        .map(|m| (m.slug.clone(), m.label_plural.clone()))
        .collect()
}

async fn last_seal(engine: &Engine, ctx: &Context) -> Result<Option<Seal>, Error> {
    let model = engine.model("qd_audit_seal")?.id;
    let parameters = [("sort", "-id"), ("limit", "1"), ("count", "none")];
    let parameters = parameters.map(|(n, v)| (n.to_owned(), v.to_owned()));
    let page = engine
        .list(ctx, model, ListRequest::Parameters(&parameters))
        .await?;
    let rows: Vec<Json> =
        serde_json::from_slice(&page.body[page.data.clone()]).map_err(Error::internal)?;
    Ok(rows.first().map(|row| Seal {
        at: clock::shown(row["at"].as_str().unwrap_or_default()),
        highest: row["highest"].to_string(),
        head: row["head"].as_str().unwrap_or_default().to_owned(),
        begin: row["head"]
            .as_str()
            .unwrap_or_default()
            .chars()
            .take(12)
            .collect(),
    }))
}

fn chain(found: &Json) -> Chain {
    Chain {
        fault: found["fault"].as_str().unwrap_or_default().to_owned(),
        rows: found["rows"].to_string(),
        seals: found["seals"].to_string(),
        unsealed: found["unsealed"].as_i64().unwrap_or_default(),
    }
}

impl AuditPage {
    fn sent(&self, name: &str) -> &str {
        self.query.get(name).unwrap_or_default()
    }

    fn deeds(&self) -> Vec<(&'static str, &'static str, bool)> {
        let chosen = self.sent("verb");
        DEEDS.map(|d| (d, entry::word(d), d == chosen)).to_vec()
    }

    fn doors(&self) -> Vec<(&'static str, &'static str, bool)> {
        let chosen = self.sent("door");
        DOORS.map(|d| (d, event::door(d), d == chosen)).to_vec()
    }
}
