//! Columns that are made of others: which of them are there for a reader, and their texts.

use serde_json::{Map, Value};

use crate::admin::value::cell::Cell;
use crate::admin::value::row::Row;
use crate::admin::view::View;
use crate::model::{Computed, ModelMeta};

/// The computed columns of which the reader may read every part, on some record at least.
pub(crate) fn seen<'a>(view: &View<'a>) -> impl Iterator<Item = &'a Computed> {
    let model = view.model;
    let whole = |column: &&Computed| column.needs.iter().all(|&f| view.sees(f));
    model.computed.iter().filter(whole)
}

/// What the column shows of a record: made of its members as the reader may see them.
pub(crate) fn cell(model: &ModelMeta, column: &Computed, row: &Row) -> Cell {
    let mut members = Map::new();
    for name in column.needs.iter().map(|&f| &model.fields[f].name) {
        let value = row
            .json(name)
            .and_then(|json| serde_json::from_str(json).ok());
        members.insert(name.clone(), value.unwrap_or(Value::Null));
    }
    match (column.value)(&members) {
        Some(text) => Cell::of(&text, "text"),
        None => Cell::null(),
    }
}
