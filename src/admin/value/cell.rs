//! How a value is shown where it is not edited: in a cell of a list, and read-only on a record.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use crate::model::describe::sentence_case;
use crate::model::{Field, Kind, ModelMeta, Widget};

use crate::admin::address;
use crate::admin::value::json;
use crate::admin::value::row::{self, Row};
use crate::admin::view::Link;
use crate::page::clock;
use crate::page::words::{fill, t};

/// Longest text in a cell, and in its tooltip; the record has the whole of it.
const SHOWN: usize = 140;
const TOOLTIP: usize = 1000;

/// A value, ready for a template.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    /// What is read.
    pub(crate) text: String,
    /// The whole text where `text` is cut.
    pub(crate) full: String,
    /// A sign before the text, not read aloud.
    pub(crate) icon: &'static str,
    /// Classes of the style sheet.
    pub(crate) class: &'static str,
    /// Where it leads; empty when nowhere.
    pub(crate) href: String,
}

impl Cell {
    /// Null, or nothing to show.
    pub(crate) fn null() -> Self {
        Self {
            text: "—".into(),
            class: "null",
            ..Self::default()
        }
    }

    /// A text with the class of its kind; cut where it is too long for a table.
    pub(crate) fn of(text: &str, class: &'static str) -> Self {
        let full = if text.chars().nth(24).is_some() {
            cut(text, TOOLTIP)
        } else {
            String::new()
        };
        Self {
            text: cut(text, SHOWN),
            full,
            class,
            ..Self::default()
        }
    }
}

/// A text of so many characters at most.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text.to_owned(),
    }
}

/// A field of a record.
pub(crate) fn of_field(field: &Field, row: &Row) -> Cell {
    let Some(text) = plain(field, row) else {
        return Cell::null();
    };
    match &field.kind {
        Kind::Bool if row.json(&field.name) == Some("true") => Cell {
            icon: "✓",
            ..Cell::of(&text, "yes")
        },
        Kind::Bool => Cell {
            icon: "✕",
            ..Cell::of(&text, "no")
        },
        Kind::Int(_) | Kind::Float | Kind::Double | Kind::Decimal(_) => Cell::of(&text, "num"),
        Kind::Text(_) if text.is_empty() => Cell::of(t("empty text"), "null"),
        Kind::Text(_) => Cell::of(&text, "text"),
        Kind::Enum { .. } => Cell::of(&text, "tag"),
        Kind::Uuid | Kind::Json | Kind::Array(_) => Cell::of(&text, "mono"),
        Kind::DateTime | Kind::Timestamp => {
            let stored = row.str(&field.name).unwrap_or_default();
            moment(&stored, text.into_owned(), Utc::now())
        }
        Kind::Date | Kind::Time | Kind::Bytes(_) => Cell::of(&text, "when"),
    }
}

/// A field of a record, uncut.
pub(crate) fn whole(field: &Field, row: &Row) -> Cell {
    let cell = of_field(field, row);
    match plain(field, row) {
        Some(text) if !text.is_empty() => {
            let text = if field.kind == Kind::Json {
                json::pretty(&text)
            } else {
                text.into_owned()
            };
            Cell {
                text,
                full: String::new(),
                ..cell
            }
        }
        _ => cell,
    }
}

/// A field of a record as one line of text; `None` for null.
pub(crate) fn plain<'a>(field: &'a Field, row: &'a Row) -> Option<Cow<'a, str>> {
    let text = row.str(&field.name)?;
    if field.widget == Some(Widget::Password) {
        return Some("••••••".into());
    }
    Some(match &field.kind {
        Kind::Bool => if text == "true" { t("Yes") } else { t("No") }.into(),
        Kind::Enum { .. } => choice_label(field, &text).into(),
        Kind::DateTime | Kind::Timestamp => clock::shown(&text).into(),
        Kind::Bytes(_) => size_of_base64(&text).into(),
        Kind::Int(_)
        | Kind::Float
        | Kind::Double
        | Kind::Decimal(_)
        | Kind::Text(_)
        | Kind::Uuid
        | Kind::Date
        | Kind::Time
        | Kind::Json
        | Kind::Array(_) => text,
    })
}

/// The words for one of a field's choices.
pub(crate) fn choice_label(field: &Field, value: &str) -> String {
    let known = field.choices.iter().find(|c| c.value == value);
    known.map_or_else(|| sentence_case(value), |c| c.label.clone())
}

/// How long ago it was, where that says more than the instant itself, which is then a hover away.
fn moment(stored: &str, shown: String, now: DateTime<Utc>) -> Cell {
    let (text, full) = match clock::age(stored, now) {
        Some(age) => (age, shown),
        None => (shown, String::new()),
    };
    Cell {
        text,
        full,
        class: "when",
        ..Cell::default()
    }
}

/// How many bytes a base64 text stands for, for people.
pub(crate) fn size_of_base64(text: &str) -> String {
    let padding = text.bytes().filter(|b| *b == b'=').count();
    size((text.len() / 4 * 3).saturating_sub(padding))
}

/// How much memory so many bytes are.
fn size(bytes: usize) -> String {
    match bytes {
        0..1000 => fill("{} bytes", &[&bytes]),
        1000..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{} MB", bytes.div_ceil(1_000_000)),
    }
}

/// The record that a foreign key points at, by its title; the key itself where the caller may not
/// see that record.
pub(crate) fn of_link(field: &Field, link: &Link<'_>, row: &Row) -> Cell {
    match row.one(&link.relation.name) {
        Some(target) => of_target(link, &target),
        None => of_field(field, row),
    }
}

/// A related record.
pub(crate) fn of_target(link: &Link<'_>, target: &Row) -> Cell {
    Cell {
        href: open(link, target),
        ..Cell::of(&row::title(link.target, target), "link")
    }
}

fn open(link: &Link<'_>, target: &Row) -> String {
    let key = row::key(link.target, target).filter(|_| link.opens);
    key.map(|key| address::record(&link.target.slug, &key))
        .unwrap_or_default()
}

/// The records of a to-many relation, by their titles.
pub(crate) fn of_many(target: &ModelMeta, rows: &[Row], more: bool) -> Cell {
    if rows.is_empty() {
        return Cell::null();
    }
    let mut titles: Vec<String> = rows.iter().map(|r| row::title(target, r)).collect();
    if more {
        titles.push("…".into());
    }
    Cell::of(&titles.join(", "), "text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_just_happened_says_how_long_ago_it_was() {
        let shown = || "2026-11-22 07:08 UTC".to_owned();
        let at = |now: &str| {
            let now = now.parse().unwrap();
            let cell = moment("2026-11-22T07:08:09.5Z", shown(), now);
            (cell.text, cell.full)
        };
        let hours = ("3 hours ago".to_owned(), shown());
        assert_eq!(at("2026-11-22T10:30:00Z"), hours);
        assert_eq!(at("2027-11-22T10:30:00Z"), (shown(), String::new()));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "ж".repeat(200);
        let cell = Cell::of(&long, "text");
        assert_eq!(cell.text.chars().count(), SHOWN + 1);
        assert_eq!(cell.full, long);
        assert_eq!(Cell::of("short", "text").full, "");
    }

    #[test]
    fn bytes_are_shown_by_their_size() {
        assert_eq!(size(3), "3 bytes");
        assert_eq!(size(1001), "2 kB");
        assert_eq!(size(2_000_000), "2 MB");
    }
}
