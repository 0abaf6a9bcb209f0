//! Who did something, when, through which door and what: the words for an entry of the audit.

use chrono::Utc;

use crate::model::Verb;
use crate::page::clock;
use crate::page::words::{say, t};

/// A moment, told by its age, and exactly.
#[derive(Debug, Default)]
pub(crate) struct Moment {
    /// As the API writes it.
    pub(crate) instant: String,
    /// `3 minutes ago`.
    pub(crate) ago: String,
    /// `2026-11-22 08:08 CET`.
    pub(crate) exact: String,
}

impl Moment {
    /// The moment that the API writes so.
    pub(crate) fn of(instant: &str) -> Self {
        Self {
            instant: instant.to_owned(),
            ago: clock::ago(instant, Utc::now()),
            exact: clock::shown(instant),
        }
    }
}

/// What was done, for people, and the class of its badge.
pub(crate) fn deed(verb: &str) -> (&'static str, &'static str) {
    match Verb::named(verb) {
        Some(Verb::Create) => (t("Created"), "made"),
        Some(Verb::Replace | Verb::Patch) => (t("Changed"), "changed"),
        Some(Verb::Delete) => (t("Deleted"), "gone"),
        Some(Verb::List | Verb::Read) | None => (t("Other"), "changed"),
    }
}

/// The way in, for people.
pub(crate) fn door(name: &str) -> &str {
    match name {
        "rest" => "API",
        "admin" => t("Admin"),
        "cli" => t("Command line"),
        "plugin" => t("Plugin"),
        "job" => t("Job"),
        other => say(other),
    }
}

/// Who it was.
pub(crate) fn actor(name: Option<&str>) -> String {
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| t("Nobody"))
        .to_owned()
}
