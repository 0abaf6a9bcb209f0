//! A stale form: what the record was when it was opened, what somebody else has made of it since, and
//! what the user wanted, field by field.

use serde_json::{Map, Value as Json};

use crate::error::Kind;
use crate::model::Field;

use crate::admin::record::draft::Draft;
use crate::admin::record::form::{self, State};
use crate::admin::value::cell;
use crate::admin::value::row::Row;
use crate::admin::view::View;
use crate::page::words::t;

/// One field that somebody else changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) name: String,
    pub(crate) label: String,
    /// Not known of a record that its user may see in some states only.
    pub(crate) was: Option<String>,
    /// What a form has for `was`, to be chosen again; `None` also for null.
    pub(crate) base: State,
    pub(crate) now: String,
    /// What the form has, where the user changed it too.
    pub(crate) yours: String,
    /// Whether the user may choose: the form has the field.
    pub(crate) open: bool,
    /// Whether the user changed it too.
    pub(crate) mine: bool,
}

/// The fields that somebody else changed since the form was opened; none when that is not why the
/// form was refused.
pub(crate) fn of(view: &View<'_>, draft: &Draft) -> Vec<Difference> {
    let stale = draft.error.as_ref();
    // Of a child row it is told at the row.
    let stale = stale.filter(|e| e.kind == Kind::PreconditionFailed && e.faults.is_empty());
    let Some(members) = stale.and_then(|error| error.members.as_deref()) else {
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
                (None, other_than_shown(field, now, draft).then_some(now)?)
            };
            let sent = draft.sent.record();
            let open = sent.holds(field);
            let stored = |was| row(field, was).and_then(|row| row.text(&field.name));
            Some(Difference {
                name: field.name.clone(),
                label: view.label(id).to_owned(),
                was: was.and_then(|was| text(field, was)),
                base: was
                    .and_then(|was| form::shown(field, stored(was).as_deref(), draft.sent.zone())),
                now: text(field, now)?,
                yours: yours(field, draft),
                open,
                mine: open && sent.changed(field),
            })
        })
        .collect()
}

/// Whether a field of the form is not any more what the form was opened with.
fn other_than_shown(field: &Field, now: &Json, draft: &Draft) -> bool {
    let stored = row(field, now).and_then(|row| row.text(&field.name));
    let now = form::digest(&form::shown(field, stored.as_deref(), draft.sent.zone()));
    draft.sent.record().was(field).is_some_and(|was| was != now)
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

fn yours(field: &Field, draft: &Draft) -> String {
    let sent = draft.sent.record();
    if sent.holds(field) && sent.changed(field) {
        sent.state(field).unwrap_or_else(|| "—".to_owned())
    } else {
        t("not changed").to_owned()
    }
}
