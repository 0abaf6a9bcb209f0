//! What a dry run says of many changes: which records, what goes with them, what stands against it.

use serde::Deserialize;

use crate::crud::Engine;
use crate::error::{Error, Fault, Kind, Place};
use crate::model::ModelMeta;

use crate::admin::value::cell;
use crate::admin::value::reach::{self, Reach};
use crate::admin::value::row::{self, Row};
use crate::admin::view::View;
use crate::page::words::{self, fill, t};

/// Records that are shown one by one, and obstacles.
const SHOWN: usize = 10;

/// The document of a dry run, as far as a page tells of it.
#[derive(Debug, Deserialize)]
struct Document {
    changes: Vec<Change>,
    cascade: serde_json::Value,
    violations: Vec<Violation>,
}

#[derive(Debug, Deserialize)]
struct Change {
    model: String,
    id: String,
    before: Option<Row>,
    after: Option<Row>,
}

#[derive(Debug, Deserialize)]
struct Violation {
    #[serde(default)]
    pointer: String,
    detail: String,
}

/// What would come of it.
#[derive(Debug, Default)]
pub(super) struct Forecast {
    /// What comes of it, in sentences.
    pub(super) effects: Vec<String>,
    /// What goes along.
    pub(super) reached: Vec<Reach>,
    /// What stands against it.
    pub(super) obstacles: Vec<String>,
    /// The first records.
    pub(super) examples: Vec<Example>,
    /// How many more there are.
    pub(super) more: u64,
}

/// One of the records.
#[derive(Debug)]
pub(super) struct Example {
    /// Its title.
    pub(super) title: String,
    /// What becomes of its fields: label, old and new value.
    pub(super) changes: Vec<(String, String, String)>,
}

impl Forecast {
    /// Reads the document of a dry run of changes of these records, in this order.
    pub(super) fn read(
        (engine, view): (&Engine, &View<'_>),
        body: &[u8],
        (keys, records): (&[String], u64),
    ) -> Result<Self, Error> {
        let document: Document = serde_json::from_slice(body).map_err(Error::internal)?;
        let model = view.model;
        let own = document.changes.iter().filter(|c| c.model == model.slug);
        let examples: Vec<Example> = own.take(SHOWN).map(|c| example(view, c)).collect();
        Ok(Self {
            more: records.saturating_sub(examples.len() as u64),
            effects: Vec::new(),
            reached: reach::trees(engine, &[&model.slug], &document.cascade),
            obstacles: told(document.violations, keys),
            examples,
        })
    }

    /// With what a run that was no dry one was refused for.
    pub(super) fn refused(&mut self, error: &Error, keys: &[String]) {
        let place = |fault: &Fault| match &fault.place {
            Place::Pointer(at) => at.clone(),
            Place::Parameter(_) => String::new(),
        };
        let mut violations: Vec<Violation> = error
            .faults
            .iter()
            .map(|fault| Violation {
                pointer: place(fault),
                detail: fault.detail.clone(),
            })
            .collect();
        if violations.is_empty() {
            violations.push(Violation {
                pointer: String::new(),
                detail: error.detail.to_string(),
            });
        }
        for obstacle in told(violations, keys) {
            if !self.obstacles.contains(&obstacle) {
                self.obstacles.push(obstacle);
            }
        }
    }
}

/// Whether a failure is one of the records' that are to be changed.
pub(super) fn is_obstacle(error: &Error) -> bool {
    matches!(
        error.kind,
        Kind::Conflict | Kind::Invalid | Kind::PreconditionFailed | Kind::NotFound
    ) || error.code == "row_rule"
}

/// Violations in sentences, each with its record; those that say the same once.
fn told(violations: Vec<Violation>, keys: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for violation in violations {
        let index = violation.pointer.strip_prefix("/operations/");
        let index = index.and_then(|rest| rest.split('/').next()?.parse::<usize>().ok());
        let sentence = match index.and_then(|i| keys.get(i)) {
            Some(key) => format!("{}: {}", row::number(key), words::told(&violation.detail)),
            None => words::told(&violation.detail),
        };
        if !all.contains(&sentence) {
            all.push(sentence);
        }
    }
    if all.len() > SHOWN {
        let rest = all.split_off(SHOWN).len();
        all.push(fill("And {} more.", &[&rest]));
    }
    all
}

fn example(view: &View<'_>, change: &Change) -> Example {
    let model = view.model;
    let shown = |field: usize, row: &Row| {
        let cell = cell::of_field(&model.fields[field], row);
        cell.text
    };
    let title = change.before.as_ref().map(|row| row::title(model, row));
    let mut changes = Vec::new();
    if let (Some(before), Some(after)) = (&change.before, &change.after) {
        for (id, field) in model.fields.iter().enumerate() {
            if before.json(&field.name) != after.json(&field.name) {
                let label = view.label(id).to_owned();
                changes.push((label, shown(id, before), shown(id, after)));
            }
        }
    }
    Example {
        title: title.unwrap_or_else(|| row::number(&change.id)),
        changes,
    }
}

/// What it comes to for a model whose deletes go to the trash.
pub(super) fn trashed(model: &ModelMeta) -> Option<String> {
    model.trash.map(|trash| match trash.days {
        Some(days) => fill(
            "They go to the trash, and are gone for good after {} days.",
            &[&days],
        ),
        None => t("They go to the trash.").to_owned(),
    })
}
