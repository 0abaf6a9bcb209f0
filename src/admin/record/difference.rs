//! A stale form: what the record was when it was opened, what somebody else has made of it since, and
//! what the user wanted, field by field.

use serde_json::{Map, Value as Json};

use crate::error::Kind;
use crate::model::Field;

use crate::admin::record::Refused;
use crate::admin::record::form;
use crate::admin::value::cell;
use crate::admin::value::row::Row;
use crate::admin::view::View;

/// One field that somebody else changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) label: String,
    /// Not known of a record that its user may see in some states only.
    pub(crate) was: Option<String>,
    pub(crate) now: String,
    /// What the form has, where the user changed it too.
    pub(crate) yours: String,
}

/// The fields that somebody else changed since the form was opened; none when that is not why the
/// form was refused.
pub(crate) fn of(view: &View<'_>, refused: &Refused) -> Vec<Difference> {
    let error = &refused.error;
    let members = error.members.as_deref();
    let Some(members) = members.filter(|_| error.kind == Kind::PreconditionFailed) else {
        return Vec::new();
    };
    let member = |name| members.get(name).and_then(Json::as_object);
    let (changed, current) = (member("changed"), member("current"));
    let fields = view.model.fields.iter().enumerate();
    fields
        .filter(|(id, _)| view.sees(*id))
        .filter_map(|(id, field)| {
            let (was, now) = if let Some(changed) = changed {
                let change = changed.get(&field.name)?;
                (change.get("old"), change.get("new")?)
            } else {
                let now = current?.get(&field.name)?;
                (None, other_than_shown(field, now, refused).then_some(now)?)
            };
            Some(Difference {
                label: view.label(id).to_owned(),
                was: was.and_then(|was| text(field, was)),
                now: text(field, now)?,
                yours: yours(field, refused),
            })
        })
        .collect()
}

/// Whether a field of the form is not any more what the form was opened with.
fn other_than_shown(field: &Field, now: &Json, refused: &Refused) -> bool {
    let stored = row(field, now).and_then(|row| row.text(&field.name));
    let now = form::digest(&form::shown(field, stored.as_deref()));
    refused.sent.was(field).is_some_and(|was| was != now)
}

fn text(field: &Field, value: &Json) -> Option<String> {
    row(field, value).map(|row| cell::whole(field, &row).text)
}

/// A record of this one field.
fn row(field: &Field, value: &Json) -> Option<Row> {
    let mut members = Map::new();
    members.insert(field.name.clone(), value.clone());
    Row::parse(Json::from(members).to_string().as_bytes()).ok()
}

fn yours(field: &Field, refused: &Refused) -> String {
    let sent = &refused.sent;
    if sent.holds(field) && sent.changed(field) {
        sent.state(field).unwrap_or_else(|| "—".to_owned())
    } else {
        "not changed".to_owned()
    }
}
