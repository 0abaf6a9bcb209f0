//! What a dry run says, for people: which records would be changed and how, what would go with them,
//! and what stands against it. Every question before a deed is made of it.

use serde_json::Value as Json;

use crate::crud::{Context, Engine, Written};
use crate::error::Error;
use crate::model::Verb;

use crate::admin::address;
use crate::admin::value::change::{self, Change};
use crate::admin::value::event;
use crate::admin::value::reach::{self, Reach};
use crate::admin::value::row::{self, Row};
use crate::admin::view::View;
use crate::page::words::{t, told};

/// Most records that a page spells out.
const SHOWN: usize = 50;

/// What would happen.
#[derive(Debug, Default)]
pub(crate) struct Trial {
    /// The records, as far as they are spelt out.
    pub(crate) records: Vec<Touched>,
    /// How many records more there are.
    pub(crate) more: u64,
    /// How many records in all.
    pub(crate) total: u64,
    /// What would go with them, what would lose its link, and what does not let them go.
    pub(crate) reached: Vec<Reach>,
    /// What stands against it.
    pub(crate) obstacles: Vec<String>,
}

/// A record that a change touches.
#[derive(Debug)]
pub(crate) struct Touched {
    /// The model's name for people.
    pub(crate) label: String,
    /// The record's title.
    pub(crate) title: String,
    /// Where it is; empty when it is nowhere, or the caller may not go there.
    pub(crate) href: String,
    /// What is done to it, and the class of its badge.
    pub(crate) deed: (&'static str, &'static str),
    /// Field by field.
    pub(crate) changes: Vec<Change>,
}

/// The caller's context for trying something.
pub(crate) fn of(ctx: &Context) -> Context {
    Context {
        dry_run: true,
        ..ctx.clone()
    }
}

impl Trial {
    /// Reads the answer to a dry run.
    pub(crate) async fn read(
        engine: &Engine,
        ctx: &Context,
        tried: &Written,
    ) -> Result<Self, Error> {
        let told: Json = serde_json::from_slice(&tried.body).map_err(Error::internal)?;
        let list = |name: &str| told[name].as_array().cloned().unwrap_or_default();
        let changes = list("changes");
        let mut records = Vec::new();
        for change in changes.iter().take(SHOWN) {
            records.extend(touched(engine, ctx, change)?);
        }
        let changed = records
            .iter_mut()
            .flat_map(|r: &mut Touched| &mut r.changes);
        change::entitle(engine, ctx, changed).await?;
        let total = told["total"].as_u64().unwrap_or_default();
        let mut own: Vec<&str> = changes.iter().filter_map(|c| c["model"].as_str()).collect();
        own.dedup();
        let violations = list("violations");
        let obstacles = violations.iter().map(|v| obstacle(engine, v)).collect();
        Ok(Self {
            more: total.saturating_sub(records.len() as u64),
            records,
            total,
            reached: reach::trees(engine, &own, &told["cascade"]),
            obstacles,
        })
    }
}

fn touched(engine: &Engine, ctx: &Context, change: &Json) -> Result<Option<Touched>, Error> {
    let text = |name: &str| change[name].as_str().unwrap_or_default();
    let Ok(model) = engine.model(text("model")) else {
        return Ok(None);
    };
    let (before, after) = (&change["before"], &change["after"]);
    let known = if after.is_null() { before } else { after };
    let title = match Row::parse(known.to_string().as_bytes()) {
        Ok(row) if known.is_object() => row::title(model, &row),
        _ => row::number(text("id")),
    };
    let view = View::of(engine, ctx, Verb::Read, model.id).ok();
    let href = match view {
        // What is not there yet, or was put in the trash, has no page.
        Some(_) if before.is_object() => address::record(&model.slug, text("id")),
        _ => String::new(),
    };
    let changes = view.map(|view| change::between(&view, before, after));
    Ok(Some(Touched {
        label: model.label.clone(),
        title,
        href,
        deed: event::deed(text("verb")),
        changes: changes.unwrap_or_default(),
    }))
}

/// What is wrong, and of which record it is said.
fn obstacle(engine: &Engine, violation: &Json) -> String {
    let detail = match violation["detail"].as_str() {
        Some(detail) => told(detail),
        None => t("It cannot be done.").to_owned(),
    };
    let pointer = violation["pointer"].as_str().unwrap_or_default();
    let mut parts = pointer.split('/').skip(1);
    match (parts.next().map(|slug| engine.model(slug)), parts.next()) {
        (Some(Ok(model)), Some(key)) => {
            format!("{} {}: {detail}", model.label, row::number(key))
        }
        _ => detail,
    }
}
