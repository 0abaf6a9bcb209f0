//! Columns that are made of others: which of them are there for a reader, and their texts.

use serde_json::{Map, Value};

use crate::admin::value::cell::Cell;
use crate::admin::value::row::Row;
use crate::admin::view::View;
use crate::model::{Computed, ModelMeta};

/// The computed columns of which the reader may read every part, on some record at least.
pub(crate) fn seen<'a, 'v>(view: &'v View<'a>) -> impl Iterator<Item = &'a Computed> + use<'a, 'v> {
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

/// Whether a text is a number: an integer, a decimal, or one with an exponent.
pub(crate) fn is_number(text: &str) -> bool {
    let written = |b: u8| b.is_ascii_digit() || b"+-.eE".contains(&b);
    text.bytes().all(written) && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_from_texts() {
        for text in ["0", "-12", "0.050", "1e-7", "123456789012345678901234.5"] {
            assert!(is_number(text), "{text}");
        }
        for text in ["", "-", ".", "1,000", "12 %", "NaN", "inf", "1.2.3", "e"] {
            assert!(!is_number(text), "{text}");
        }
    }
}
