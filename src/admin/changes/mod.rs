//! The change sets: `GET /admin/_changes` lists them, [`set`] shows one record by record, [`undo`]
//! takes one back after a question.

pub(crate) mod set;
pub(crate) mod undo;

use askama::Template;
use chrono::{Days, NaiveDate};
use poem::Response;
use poem::http::StatusCode;
use serde_json::Value as Json;

use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::http::Call;
use crate::model::Verb;

use crate::admin::address::{self, Query};
use crate::admin::shell::Shell;
use crate::admin::value::event::{self, Moment};
use crate::admin::value::titles::Titles;
use crate::page::clock;
use crate::page::words::{fill, t};
use crate::page::{self, filters};

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/changes.html")]
struct ChangesPage {
    shell: Shell,
    sets: Vec<Set>,
    /// Whether there are conditions.
    sifted: bool,
    /// The choices: the value, its words, whether it is in force.
    who: Vec<Choice>,
    models: Vec<Choice>,
    doors: Vec<Choice>,
    since: String,
    until: String,
    older: String,
    newest: String,
}

/// A choice: the value, its words, whether it is in force.
type Choice = (String, String, bool);

/// What one request changed.
#[derive(Debug)]
pub(crate) struct Set {
    pub(crate) id: i64,
    pub(crate) at: Moment,
    pub(crate) who: String,
    pub(crate) door: String,
    pub(crate) reason: String,
    /// The change set that this one took back.
    pub(crate) undoes: Option<i64>,
    /// The change set that took this one back.
    pub(crate) undone_by: Option<i64>,
    /// The first records of it.
    pub(crate) records: Vec<Named>,
    /// How many there are beside those, in words; empty for none.
    pub(crate) more: String,
}

/// A changed record.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) deed: (&'static str, &'static str),
    pub(crate) label: String,
    pub(crate) title: String,
    pub(crate) href: String,
}

/// `GET /admin/_changes`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let mut query = Query(call.query()?);
    // What a form leaves empty is no condition.
    query.0.retain(|(_, value)| !value.is_empty());
    let asked = asked(&query);
    let told = engine.changes(ctx, &asked.0).await?;
    let listed = told["data"].as_array().cloned().unwrap_or_default();
    let records = listed.iter().flat_map(|set| keys(&set["records"]));
    let titles = Titles::of(engine, ctx, records).await?;
    let sets: Vec<Set> = listed
        .iter()
        .map(|set| of_json(engine, ctx, set, &titles))
        .collect();
    let chosen = |name: &str| query.get(name).unwrap_or_default().to_owned();
    let rest = query.without(&address::POSITION);
    let next = told["page"]["next"].as_str().map(|next| {
        let mut there = rest.clone();
        there.0.push(("cursor".to_owned(), next.to_owned()));
        format!("/admin/_changes?{}", there.text())
    });
    let api = match asked.text() {
        text if text.is_empty() => "/api/v1/_changes".to_owned(),
        text => format!("/api/v1/_changes?{text}"),
    };
    page::render(
        StatusCode::OK,
        &ChangesPage {
            shell: Shell::new(engine, ctx)
                .here(t("Changes"))
                .doing("GET", &api),
            sets,
            sifted: !rest.0.is_empty(),
            who: who(engine, ctx, &chosen("user")),
            models: models(engine, ctx, &chosen("model")),
            doors: doors(&chosen("door")),
            since: chosen("since"),
            until: chosen("until"),
            older: next.unwrap_or_default(),
            newest: match query.get("cursor") {
                Some(_) if rest.0.is_empty() => "/admin/_changes".to_owned(),
                Some(_) => format!("/admin/_changes?{}", rest.text()),
                None => String::new(),
            },
        },
    )
}

/// The models and keys of some records.
pub(crate) fn keys(records: &Json) -> impl Iterator<Item = (&str, &str)> {
    let all = records.as_array().into_iter().flatten();
    all.filter_map(|r| Some((r["model"].as_str()?, r["id"].as_str()?)))
}

/// What is asked of the operation: a day is its first moment in the viewer's zone, the last day its
/// last one.
fn asked(query: &Query) -> Query {
    let of = |(name, value): &(String, String)| {
        let day = NaiveDate::parse_from_str(value, "%Y-%m-%d");
        let begin = match (name.as_str(), day) {
            ("since", Ok(day)) => Some(day),
            ("until", Ok(day)) => day.checked_add_days(Days::new(1)),
            _ => None,
        };
        let value = begin.map_or_else(|| value.clone(), |day| clock::text(clock::begin(day)));
        (name.clone(), value)
    };
    Query(query.0.iter().map(of).collect())
}

/// A change set as a page shows it.
pub(crate) fn of_json(engine: &Engine, ctx: &Context, set: &Json, titles: &Titles) -> Set {
    let text = |name: &str| set[name].as_str().unwrap_or_default();
    let listed = set["records"].as_array().into_iter().flatten();
    let records: Vec<Named> = listed
        .filter_map(|r| named(engine, ctx, r, titles))
        .collect();
    let total = set["total"].as_u64().unwrap_or_default();
    let more = total.saturating_sub(records.len() as u64);
    Set {
        id: set["change_set"].as_i64().unwrap_or_default(),
        at: Moment::of(text("at")),
        who: event::actor(set["user"].as_str()),
        door: event::door(text("door")).to_owned(),
        reason: text("reason").to_owned(),
        undoes: set["undoes"].as_i64(),
        undone_by: set["undone_by"].as_i64(),
        records,
        more: match more {
            0 => String::new(),
            more => fill("and {} more", &[&more]),
        },
    }
}

/// A changed record, by its title where it is there.
pub(crate) fn named(
    engine: &Engine,
    ctx: &Context,
    record: &Json,
    titles: &Titles,
) -> Option<Named> {
    let model = engine.model(record["model"].as_str()?).ok()?;
    let key = record["id"].as_str()?;
    // What is not among the titles may be gone: its history is still there.
    let there = titles.has(&model.slug, key) || !engine.may(ctx, Verb::List, model.id);
    let own = address::record(&model.slug, key);
    Some(Named {
        deed: event::deed(record["verb"].as_str().unwrap_or_default()),
        label: model.label.clone(),
        title: titles.get(&model.slug, key),
        href: if there { own } else { format!("{own}/history") },
    })
}

/// Mine, or everybody's where the caller may see those.
fn who(engine: &Engine, ctx: &Context, chosen: &str) -> Vec<Choice> {
    let own = ctx.principal.user.as_ref().map(|u| u.id.to_string());
    let Some(own) = own.filter(|_| engine.sees_all_changes(ctx)) else {
        return Vec::new();
    };
    let mut all = vec![
        (String::new(), t("Everybody").to_owned(), chosen.is_empty()),
        (own.clone(), t("Only mine").to_owned(), chosen == own),
    ];
    if !chosen.is_empty() && chosen != own {
        all.push((chosen.to_owned(), fill("User #{}", &[&chosen]), true));
    }
    all
}

fn models(engine: &Engine, ctx: &Context, chosen: &str) -> Vec<Choice> {
    let all = engine.registry().models().iter();
    let seen = all.filter(|m| engine.may(ctx, Verb::Read, m.id));
    let mut choices: Vec<Choice> = seen
        .map(|m| (m.slug.clone(), m.label_plural.clone(), m.slug == chosen))
        .collect();
    choices.sort_by_key(|choice| choice.1.to_lowercase());
    choices
}

fn doors(chosen: &str) -> Vec<Choice> {
    let names = ["admin", "rest", "cli", "plugin", "job"].into_iter();
    names
        .map(|name| {
            (
                name.to_owned(),
                event::door(name).to_owned(),
                name == chosen,
            )
        })
        .collect()
}
