//! A cell as what a body would hold in its place, and whether that is spelt otherwise.
//!
//! Beside the texts that a field's kind has, these few spellings are understood, and counted:
//! `TRUE`, `True`, `1` and their opposites for a truth value, `12.0` for a whole number, upper-case
//! UUIDs, instants with an offset or without a zone, a sheet's own dates and numbers. Anything else
//! is a fault, never a guess.

use sea_orm::Value;

use crate::model::{Field, Input, Kind, value};
use crate::store::row;

use super::rows::Cell;

/// How the file spelt a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// With this text.
    Text(String),
    /// As a value of another kind.
    Other,
    /// As itself.
    Same,
}

/// What a cell says.
#[derive(Debug)]
pub(super) enum Said {
    /// This value.
    Value(Input, Spelling),
    /// Nothing: the field is as if the column were not there.
    Nothing,
    /// What cannot be: a code, and the end of a sentence.
    Fault(&'static str, &'static str),
}

/// Reads a cell for a field. In a sheet an empty text where there is no null leaves no trace, else it has
/// a mark; in CSV it has quotes.
pub(super) fn read(field: &Field, cell: Cell, is_sheet: bool) -> Said {
    match cell {
        Cell::Empty if field.nullable => Said::Value(Input::Null, Spelling::Same),
        Cell::Empty if is_sheet && matches!(field.kind, Kind::Text(_)) => {
            Said::Value(Input::String(String::new()), Spelling::Same)
        }
        Cell::Empty => Said::Nothing,
        Cell::Text(text) => of_text(&field.kind, text, is_sheet),
        Cell::Number(text) => of_number(&field.kind, text),
        Cell::Truth(truth) => Said::Value(Input::Bool(truth), Spelling::Same),
        Cell::Moment(text) => match field.kind {
            Kind::Date | Kind::Time | Kind::DateTime | Kind::Timestamp => {
                Said::Value(Input::String(text), Spelling::Other)
            }
            _ => Said::Fault("type", "must not be a date; format the cell as text"),
        },
        Cell::Fault => Said::Fault("cell", "is an error, or a duration, in the sheet"),
    }
}

fn of_text(kind: &Kind, text: String, is_sheet: bool) -> Said {
    let marked = matches!(
        kind,
        Kind::Text(_) | Kind::Enum { .. } | Kind::Bytes(_) | Kind::Json | Kind::Array(_)
    );
    let text = match (kind, is_sheet) {
        (Kind::Text(_) | Kind::Bytes(_), true) => row::sheet::unmarked(&text).to_owned(),
        _ if marked && !is_sheet => row::csv::unmarked(&text).to_owned(),
        _ => text,
    };
    let input = match kind {
        Kind::Bool => match truth(&text) {
            Some(truth) => Input::Bool(truth),
            None => return Said::Fault("type", "must be true or false"),
        },
        Kind::Int(_) | Kind::Float | Kind::Double => Input::Number(text.clone()),
        Kind::Json | Kind::Array(_) => match Input::parse(text.as_bytes()) {
            Ok(input) => input,
            Err(_) => return Said::Fault("type", "must be valid JSON"),
        },
        _ => Input::String(text.clone()),
    };
    Said::Value(input, Spelling::Text(text))
}

fn of_number(kind: &Kind, text: String) -> Said {
    match kind {
        Kind::Bool => match truth(&text) {
            Some(truth) => Said::Value(Input::Bool(truth), Spelling::Other),
            None => Said::Fault("type", "must be true or false"),
        },
        Kind::Decimal(_) => Said::Value(Input::String(text), Spelling::Same),
        Kind::Text(_) | Kind::Enum { .. } => Said::Value(Input::String(text), Spelling::Other),
        _ => Said::Value(Input::Number(text), Spelling::Same),
    }
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" | "1" => Some(true),
        "false" | "False" | "FALSE" | "0" => Some(false),
        _ => None,
    }
}

/// Whether the value is written otherwise than it was spelt.
pub(super) fn is_coerced(kind: &Kind, value: &Value, spelling: &Spelling) -> bool {
    let Spelling::Text(text) = spelling else {
        return *spelling == Spelling::Other;
    };
    match kind {
        // What is read from these is what they say.
        Kind::Text(_) | Kind::Enum { .. } | Kind::Json | Kind::Array(_) => false,
        Kind::Float | Kind::Double => {
            let mut json = Vec::new();
            value::write_json(&mut json, value);
            json != text.as_bytes() && value::to_text(value).as_ref() != Some(text)
        }
        _ => value::to_text(value).as_ref() != Some(text),
    }
}
