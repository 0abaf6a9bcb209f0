//! One line of the audit, as people read it.

use chrono::Utc;
use serde_json::Value as Json;

use crate::admin::address;
use crate::admin::value::event;
use crate::crud::{Context, Engine};
use crate::model::Verb;
use crate::page::clock;
use crate::page::words::{fill, t};

/// Longest text of a value.
const SHOWN: usize = 200;

/// A line.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) at: String,
    pub(super) ago: String,
    /// Who; empty for nobody.
    pub(super) who: String,
    pub(super) token: bool,
    pub(super) door: String,
    pub(super) ip: String,
    pub(super) deed: String,
    /// What it was done to.
    pub(super) model: String,
    pub(super) record: String,
    /// Where that is; empty where the caller may not open it.
    pub(super) href: String,
    pub(super) changes: Vec<Change>,
    pub(super) reason: String,
    pub(super) request: String,
}

/// A field that was changed.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) label: String,
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
}

impl Entry {
    /// A row of the list.
    pub(super) fn of(engine: &Engine, ctx: &Context, row: &Json) -> Self {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let (slug, record, at) = (text("model"), text("record_id"), text("at"));
        let model = engine.registry().by_slug(&slug);
        let opens = model.filter(|m| engine.may(ctx, Verb::Read, m.id));
        let label = |name: &str| {
            let field = model.and_then(|m| Some(m.fields[m.field(name)?].label.clone()));
            field.unwrap_or_else(|| name.to_owned())
        };
        let changes = row["changes"].as_object().into_iter().flatten();
        Self {
            id: row["id"].to_string(),
            ago: clock::ago(&at, Utc::now()),
            at: clock::shown(&at),
            who: text("username"),
            token: !row["token_id"].is_null(),
            door: event::door(&text("door")).to_owned(),
            ip: text("ip"),
            deed: word(&text("verb")).to_owned(),
            href: opens
                .map(|_| address::record(&slug, &record))
                .unwrap_or_default(),
            model: model.map_or_else(|| slug.clone(), |m| m.label.clone()),
            changes: changes
                .map(|(name, change)| Change {
                    label: label(name),
                    old: change.get("old").map(shown),
                    new: change.get("new").map(shown),
                })
                .collect(),
            reason: text("reason"),
            request: text("request_id"),
            record,
        }
    }

    /// What was changed, in one line.
    pub(super) fn summary(&self) -> String {
        let labels: Vec<&str> = self
            .changes
            .iter()
            .map(|c| c.label.as_str())
            .take(4)
            .collect();
        match self.changes.len() {
            n if n > labels.len() => {
                let more = n - labels.len();
                fill("{} and {} more", &[&labels.join(", "), &more])
            }
            _ => labels.join(", "),
        }
    }
}

fn shown(value: &Json) -> String {
    let text = match value {
        Json::Null => return "—".to_owned(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// What was done, for people; a word that is not known stays as it is.
pub(super) fn word(deed: &str) -> &str {
    match deed {
        "create" => t("Create"),
        "replace" => t("Replace"),
        "patch" => t("Change"),
        "delete" => t("Delete"),
        "set_password" => t("Set a password"),
        "make_link" => t("Make a password link"),
        "make_token" => t("Make a token"),
        "revoke_token" => t("Revoke a token"),
        "end_session" => t("End sessions"),
        "view_as" => t("Begin to view as"),
        "end_view" => t("End the view"),
        other => other,
    }
}
