//! What is done while nobody waits: `GET /admin/_operations` lists one's own operations, and each has
//! a page that says how far it is and what came of it ([`one`]).

pub(crate) mod one;
pub(crate) mod outcome;

use askama::Template;
use poem::Response;
use poem::http::StatusCode;
use serde_json::Value as Json;

use crate::crud::Engine;
use crate::error::Error;
use crate::http::Call;

use crate::admin::address::Query;
use crate::admin::shell::Shell;
use crate::admin::value::count;
use crate::admin::value::event::Moment;
use crate::page::words::{fill, t};
use crate::page::{self, filters};

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/operations.html")]
struct OperationsPage {
    shell: Shell,
    operations: Vec<Operation>,
    /// Whether one of them is under way.
    running: bool,
    older: String,
    newest: String,
}

/// An operation as pages show it.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: i64,
    /// What it does, in words.
    pub(crate) title: String,
    /// How it stands: its name, its words, the class of its badge.
    pub(crate) state: State,
    pub(crate) done: i64,
    pub(crate) total: Option<i64>,
    /// How far it is, in words.
    pub(crate) progress: String,
    pub(crate) started: Moment,
    pub(crate) ended: Option<Moment>,
}

/// How an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) running: bool,
    pub(crate) words: &'static str,
    pub(crate) class: &'static str,
}

/// Where an operation is shown.
pub(crate) fn address(operation: &Json) -> String {
    format!("/admin/_operations/{}", operation["id"])
}

/// `GET /admin/_operations`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let query = Query(call.query()?);
    let told = engine.operations(ctx, &query.0).await?;
    let listed = told["data"].as_array().into_iter().flatten();
    let operations: Vec<Operation> = listed.map(|one| of_json(engine, one)).collect();
    let next = told["page"]["next"].as_str();
    page::render(
        StatusCode::OK,
        &OperationsPage {
            shell: Shell::new(engine, ctx)
                .here(t("Operations"))
                .doing("GET", "/api/v1/_operations"),
            running: operations.iter().any(|o| o.state.running),
            operations,
            older: next
                .map(|next| format!("/admin/_operations?cursor={next}"))
                .unwrap_or_default(),
            newest: match query.get("cursor") {
                Some(_) => "/admin/_operations".to_owned(),
                None => String::new(),
            },
        },
    )
}

/// An operation as the API tells it.
pub(crate) fn of_json(engine: &Engine, told: &Json) -> Operation {
    let text = |name: &str| told[name].as_str().unwrap_or_default();
    let model = engine.model(text("model")).ok();
    let label = model.map_or("", |m| m.label_plural.as_str());
    let title = match text("kind") {
        "import" => fill("Import of {}", &[&label]),
        "export" => fill("Export of {}", &[&label]),
        "bulk" => fill("Change of many {}", &[&label]),
        _ => t("Undo").to_owned(),
    };
    let (done, total) = (
        told["progress"]["done"].as_i64().unwrap_or_default(),
        told["progress"]["total"].as_i64(),
    );
    let number = |n: i64| count::words(n.try_into().unwrap_or_default(), "exact");
    let progress = match total {
        Some(total) => fill("{} of {} rows", &[&number(done), &number(total)]),
        None if done > 0 => fill("{} rows", &[&number(done)]),
        None => String::new(),
    };
    Operation {
        id: told["id"].as_i64().unwrap_or_default(),
        title,
        state: state(text("state")),
        done,
        total: total.filter(|total| *total > 0),
        progress,
        started: Moment::of(text("started_at")),
        ended: told["ended_at"].as_str().map(Moment::of),
    }
}

fn state(name: &str) -> State {
    let (words, class) = match name {
        "running" => (t("Running"), "changed"),
        "done" => (t("Done"), "made"),
        "cancelled" => (t("Cancelled"), "plain-deed"),
        _ => (t("Failed"), "gone"),
    };
    State {
        running: name == "running",
        words,
        class,
    }
}
