//! A stale form: what the record was when it was opened, what somebody else has made of it since, and
//! what the user wanted, field by field.

use serde_json::{Map, Value as Json};

use crate::error::Kind;
use crate::model::Field;

use super::cell;
use super::record::Refused;
use super::row::Row;
use super::view::View;

/// One field that somebody else changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) label: String,
    pub(super) was: String,
    pub(super) now: String,
    /// What the form has, where the user changed it too.
    pub(super) yours: String,
}

/// The fields that somebody else changed since the form was opened; none when that is not why the
/// form was refused, or is not known.
pub(super) fn of(view: &View<'_>, refused: &Refused) -> Vec<Difference> {
    let error = &refused.error;
    let members = error.members.as_deref();
    let changed = members
        .filter(|_| error.kind == Kind::PreconditionFailed)
        .and_then(|m| m.get("changed"))
        .and_then(Json::as_object);
    let fields = view.model.fields.iter().enumerate();
    fields
        .filter(|(id, _)| view.sees(*id))
        .filter_map(|(id, field)| {
            let change = changed?.get(&field.name)?;
            Some(Difference {
                label: view.label(id).to_owned(),
                was: text(field, change.get("old")),
                now: text(field, change.get("new")),
                yours: yours(field, refused),
            })
        })
        .collect()
}

fn text(field: &Field, value: Option<&Json>) -> String {
    let mut members = Map::new();
    members.insert(field.name.clone(), value.cloned().unwrap_or_default());
    let row = Row::parse(Json::from(members).to_string().as_bytes());
    row.map_or_else(|_| String::new(), |row| cell::whole(field, &row).text)
}

fn yours(field: &Field, refused: &Refused) -> String {
    let sent = &refused.sent;
    if sent.holds(field) && sent.changed(field) {
        sent.state(field).unwrap_or_else(|| "—".to_owned())
    } else {
        "not changed".to_owned()
    }
}
