//! The only match of [`Kind`] × JSON → [`Value`] and back.
//!
//! Values come in three ways: as JSON in a body ([`from_input`]), as text in an address, a form or a
//! cursor ([`from_text`]), and from the database (`store::row`). They leave as JSON
//! ([`write_json`]) or as text ([`to_text`]). What a column cannot hold exactly is refused here,
//! never rounded. Rules about a whole record live in [`super::patch`].
//!
//! `parse` is the way in, with `number` for what is counted; `write` is the way out; `calendar` has
//! both ways of dates and times.

mod calendar;
mod number;
mod parse;
mod write;

#[cfg(test)]
mod tests;

use sea_orm::Value;
use sea_orm::sea_query::ArrayType;

use super::input::Input;
use super::kind::{IntSize, Kind};
use crate::error::Fault;

pub use self::calendar::{write_date, write_instant, write_time};
pub use self::parse::{from_input, from_text};
pub use self::write::{to_text, write_base64, write_field, write_json, write_string};

/// Why a value does not fit its kind: a stable code and a sentence that follows the field's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Stable code, such as `type` or `out_of_range`.
    pub code: &'static str,
    /// For example `must be a whole number`.
    pub detail: String,
}

impl Misfit {
    /// The sentence about `subject`.
    #[must_use]
    pub fn sentence(&self, subject: &str) -> String {
        format!("{subject} {}.", self.detail)
    }

    /// The fault of a body whose field `name` has such a value.
    #[must_use]
    pub fn of(&self, name: &str) -> Fault {
        Fault::field(name, self.code, self.sentence(name))
    }
}

fn misfit<T>(code: &'static str, detail: impl Into<String>) -> Result<T, Misfit> {
    Err(Misfit {
        code,
        detail: detail.into(),
    })
}

fn wrong_type<T>(wanted: &str, got: &Input) -> Result<T, Misfit> {
    misfit("type", format!("must be {wanted}, not {}", got.type_name()))
}

/// The null of a kind.
#[must_use]
pub fn null(kind: &Kind) -> Value {
    match kind {
        Kind::Bool => Value::Bool(None),
        Kind::Int(IntSize::I8) => Value::TinyInt(None),
        Kind::Int(IntSize::I16) => Value::SmallInt(None),
        Kind::Int(IntSize::I32) => Value::Int(None),
        Kind::Int(IntSize::I64) => Value::BigInt(None),
        Kind::Int(IntSize::U8) => Value::TinyUnsigned(None),
        Kind::Int(IntSize::U16) => Value::SmallUnsigned(None),
        Kind::Int(IntSize::U32) => Value::Unsigned(None),
        Kind::Int(IntSize::U64) => Value::BigUnsigned(None),
        Kind::Float => Value::Float(None),
        Kind::Double => Value::Double(None),
        Kind::Decimal(_) => Value::Decimal(None),
        Kind::Text(_) | Kind::Enum { .. } => Value::String(None),
        Kind::Uuid => Value::Uuid(None),
        Kind::Date => Value::ChronoDate(None),
        Kind::Time => Value::ChronoTime(None),
        Kind::DateTime => Value::ChronoDateTime(None),
        Kind::Timestamp => Value::ChronoDateTimeUtc(None),
        Kind::Bytes(_) => Value::Bytes(None),
        Kind::Json => Value::Json(None),
        Kind::Array(item) => Value::Array(array_type(item), None),
    }
}

/// The element type sea-query wants for an array of `kind`.
fn array_type(kind: &Kind) -> ArrayType {
    match kind {
        Kind::Bool => ArrayType::Bool,
        Kind::Int(IntSize::I8) => ArrayType::TinyInt,
        Kind::Int(IntSize::I16) => ArrayType::SmallInt,
        Kind::Int(IntSize::I32) => ArrayType::Int,
        Kind::Int(IntSize::I64) => ArrayType::BigInt,
        Kind::Int(IntSize::U8) => ArrayType::TinyUnsigned,
        Kind::Int(IntSize::U16) => ArrayType::SmallUnsigned,
        Kind::Int(IntSize::U32) => ArrayType::Unsigned,
        Kind::Int(IntSize::U64) => ArrayType::BigUnsigned,
        Kind::Float => ArrayType::Float,
        Kind::Double => ArrayType::Double,
        Kind::Decimal(_) => ArrayType::Decimal,
        Kind::Uuid => ArrayType::Uuid,
        Kind::Date => ArrayType::ChronoDate,
        Kind::Time => ArrayType::ChronoTime,
        Kind::DateTime => ArrayType::ChronoDateTime,
        Kind::Timestamp => ArrayType::ChronoDateTimeUtc,
        Kind::Bytes(_) => ArrayType::Bytes,
        Kind::Json => ArrayType::Json,
        Kind::Text(_) | Kind::Enum { .. } | Kind::Array(_) => ArrayType::String,
    }
}

/// How many arrays and objects are inside each other in a JSON value.
#[must_use]
pub fn json_depth(value: &Value) -> usize {
    fn depth(json: &serde_json::Value) -> usize {
        match json {
            serde_json::Value::Array(all) => 1 + all.iter().map(depth).max().unwrap_or(0),
            serde_json::Value::Object(all) => 1 + all.values().map(depth).max().unwrap_or(0),
            _ => 0,
        }
    }
    match value {
        Value::Json(Some(json)) => depth(json),
        _ => 0,
    }
}

/// How many significant digits a decimal value has; SQLite keeps 15 of them.
#[must_use]
pub fn significant_digits(value: &Value) -> usize {
    match value {
        Value::Decimal(Some(d)) => d
            .normalize()
            .mantissa()
            .unsigned_abs()
            .to_string()
            .trim_end_matches('0')
            .len(),
        _ => 0,
    }
}
