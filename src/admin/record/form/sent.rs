//! A form as it came back: its own members, and the parts of it that stand for a record: the record
//! itself, and each of its child rows under a prefix such as `order_lines.0.`.

use chrono_tz::Tz;

use super::{State, canonical, digest};
use crate::admin::address::Query;
use crate::crud::IfMatch;
use crate::error::Error;
use crate::model::{Field, Kind};
use crate::page::viewer;

/// What a form holds beside the fields of its records: the button that was pressed, the entity tag of
/// the record as it was shown, the zone of its times, and where to go with a record that is created
/// for another form.
const OWN: [&str; 5] = ["_then", "_if_match", "_zone", "_next", "_into"];

/// What a form holds about a field: the digest of what was shown, the box for an empty text, the words
/// and the choice of a search for records, and the choice of a conflict with its oldest value.
const ABOUT: [&str; 6] = ["was.", "empty.", "_q.", "_pick.", "_take.", "_base."];

/// A form as it came back.
#[derive(Debug)]
pub(crate) struct Sent(Query);

/// The part of a form that stands for one record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    sent: &'a Sent,
    prefix: &'a str,
}

impl Sent {
    /// A form's fields; every one must be `known`, and there once.
    pub(crate) fn of(
        fields: Vec<(String, String)>,
        known: impl Fn(&str) -> bool,
    ) -> Result<Self, Error> {
        for (i, (name, _)) in fields.iter().enumerate() {
            let about = ABOUT.iter().find_map(|about| name.strip_prefix(about));
            if !OWN.contains(&name.as_str()) && !known(about.unwrap_or(name)) {
                let detail = format!("There is no field {name} in this form.");
                return Err(Error::parameter(name, "unknown_field", detail));
            }
            if fields[..i].iter().any(|(n, _)| n == name) {
                let detail = format!("{name} is there twice.");
                return Err(Error::parameter(name, "duplicate", detail));
            }
        }
        Ok(Self(Query(fields)))
    }

    /// The value of one of the form's own members.
    pub(crate) fn own(&self, name: &str) -> Option<&str> {
        self.0.get(name)
    }

    /// The button that was pressed, where there is a choice.
    pub(crate) fn then(&self) -> &str {
        self.own("_then").unwrap_or_default()
    }

    /// What the user knows of the record. A script that sends no tag demands nothing.
    pub(crate) fn condition(&self) -> Result<IfMatch, Error> {
        IfMatch::parse(self.own("_if_match"))
    }

    /// The zone that the times of the form are in; `None` for UTC.
    pub(crate) fn zone(&self) -> Option<Tz> {
        viewer::zone(self.own("_zone")?)
    }

    /// The record that the form is about.
    pub(crate) fn record(&self) -> Part<'_> {
        self.part("")
    }

    /// The part whose fields begin with `prefix`.
    pub(crate) fn part<'a>(&'a self, prefix: &'a str) -> Part<'a> {
        Part { sent: self, prefix }
    }

    /// What is carried to another page and back: everything but what is secret or of this moment.
    pub(crate) fn draft(&self, leave: impl Fn(&str) -> bool) -> Query {
        let kept = self.0.0.iter().filter(|(name, value)| {
            let moment = name == "_then" || name.starts_with("_q.");
            let unpicked = value.is_empty() && name.starts_with("_pick.");
            !(moment || unpicked || leave(name))
        });
        Query(kept.cloned().collect())
    }

    /// The names of the fields that the form has, as they are in it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.0.iter().map(|(name, _)| name.as_str())
    }
}

impl Part<'_> {
    fn get(&self, about: &str, name: &str) -> Option<&str> {
        self.sent.own(&format!("{about}{}{name}", self.prefix))
    }

    /// Another member of the part.
    pub(crate) fn member(&self, name: &str) -> Option<&str> {
        self.get("", name)
    }

    /// The digest of what was shown of a field.
    pub(crate) fn was(&self, field: &Field) -> Option<&str> {
        self.get("was.", &field.name)
    }

    /// Which side of a conflict the user chose for a field.
    pub(crate) fn take(&self, field: &Field) -> Option<&str> {
        self.get("_take.", &field.name)
    }

    /// Whether the form held this field at all. A checkbox that is off sends nothing but its digest.
    pub(crate) fn holds(&self, field: &Field) -> bool {
        self.get("", &field.name).is_some() || self.was(field).is_some()
    }

    /// The state that the user gave the field.
    pub(crate) fn state(&self, field: &Field) -> State {
        let name = &field.name;
        if self.take(field) == Some("base") {
            let base = self.get("_base.", name)?;
            return Some(canonical(&field.kind, base));
        }
        let picked = self.get("_pick.", name).filter(|key| !key.is_empty());
        let text = picked.or_else(|| self.get("", name));
        if field.kind == Kind::Bool && !field.nullable && text.is_none() {
            return Some("false".into());
        }
        let text = canonical(&field.kind, text.unwrap_or_default());
        match &field.kind {
            Kind::Text(_) if text.is_empty() && !field.nullable => Some(text),
            Kind::Text(_) if text.is_empty() => self.get("empty.", name).map(|_| text),
            _ if text.is_empty() => None,
            _ => Some(text),
        }
    }

    /// Whether the user changed the field; a form without its digest always does. One that somebody
    /// else changed too, and whose value the user takes, is not.
    pub(crate) fn changed(&self, field: &Field) -> bool {
        match self.take(field) {
            Some("theirs") => return false,
            Some("base" | "yours") => return true,
            _ => {}
        }
        self.was(field)
            .is_none_or(|was| was != digest(&self.state(field)))
    }
}
