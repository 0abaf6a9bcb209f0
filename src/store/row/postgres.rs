//! Cells of PostgreSQL, in its binary format.

use sea_orm::Value;
use sqlx::postgres::{PgValueRef, Postgres};
use sqlx::{Decode, TypeInfo as _, ValueRef as _};

use crate::model::{IntSize, Kind, value};

use super::DecodeError;
use super::style::{Style, boolean, double, float, integer};

/// The cell as its column's type says.
fn decoded<'r, T: Decode<'r, Postgres>>(cell: PgValueRef<'r>) -> Result<T, DecodeError> {
    T::decode(cell)
}

pub(super) fn write(
    out: &mut Vec<u8>,
    cell: PgValueRef<'_>,
    kind: &Kind,
    style: Style,
) -> Result<(), DecodeError> {
    match kind {
        Kind::Bool => boolean(out, decoded(cell)?),
        // The column may be narrower or wider than the entity's type says.
        Kind::Int(_) => integer(out, big_endian(cell.as_bytes()?)?),
        Kind::Float | Kind::Double => match cell.as_bytes()?.len() {
            4 => float(out, decoded(cell)?),
            _ => double(out, decoded(cell)?),
        },
        Kind::Decimal(size) => {
            let mut n: rust_decimal::Decimal = decoded(cell)?;
            // The driver drops the places of a zero, which has no digits.
            if let (true, Some((_, scale))) = (n.is_zero(), size) {
                n.rescale(*scale);
            }
            style.decimal(out, n);
        }
        Kind::Text(_) | Kind::Enum { .. } => style.text(out, decoded(cell)?),
        Kind::Uuid => style.uuid(out, decoded(cell)?),
        Kind::Date => style.date(out, decoded(cell)?),
        Kind::Time => style.time(out, decoded(cell)?),
        // Both are microseconds since 2000, the one by the clock on the wall, the other in UTC.
        Kind::DateTime | Kind::Timestamp => style.instant(out, decoded(cell)?),
        Kind::Bytes(_) => style.bytes(out, decoded(cell)?),
        Kind::Json => {
            let text = cell.as_bytes()?;
            // jsonb begins with a version byte; both are the very text of the value.
            let text = if cell.type_info().name() == "JSONB" {
                &text[1..]
            } else {
                text
            };
            compact(out, text);
        }
        Kind::Array(item) => array(out, cell, item)?,
    }
    Ok(())
}

/// Valid JSON without the spaces that PostgreSQL writes between its parts, as the other databases
/// and the answers to writes give it.
fn compact(out: &mut Vec<u8>, json: &[u8]) {
    let (mut in_string, mut escaped) = (false, false);
    for &byte in json {
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' if !in_string => continue,
            b'"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
        out.push(byte);
    }
}

/// A 2, 4 or 8 byte integer in network order.
fn big_endian(bytes: &[u8]) -> Result<i64, DecodeError> {
    Ok(match bytes.len() {
        2 => i16::from_be_bytes(bytes.try_into()?).into(),
        4 => i32::from_be_bytes(bytes.try_into()?).into(),
        8 => i64::from_be_bytes(bytes.try_into()?),
        n => return Err(format!("an integer of {n} bytes").into()),
    })
}

fn array(out: &mut Vec<u8>, cell: PgValueRef<'_>, item: &Kind) -> Result<(), DecodeError> {
    macro_rules! items {
        ($type:ty) => {
            decoded::<Vec<Option<$type>>>(cell)?
                .into_iter()
                .map(|v| Value::from(v))
                .collect::<Vec<_>>()
        };
    }
    let values = match item {
        Kind::Bool => items!(bool),
        Kind::Int(IntSize::I16) => items!(i16),
        Kind::Int(IntSize::I32) => items!(i32),
        Kind::Int(_) => items!(i64),
        Kind::Float => items!(f32),
        Kind::Double => items!(f64),
        Kind::Decimal(_) => items!(rust_decimal::Decimal),
        Kind::Text(_) | Kind::Enum { .. } | Kind::Array(_) => items!(String),
        Kind::Uuid => items!(uuid::Uuid),
        Kind::Date => items!(chrono::NaiveDate),
        Kind::Time => items!(chrono::NaiveTime),
        Kind::DateTime => items!(chrono::NaiveDateTime),
        Kind::Timestamp => items!(chrono::DateTime<chrono::Utc>),
        Kind::Bytes(_) => items!(Vec<u8>),
        Kind::Json => items!(serde_json::Value),
    };
    out.push(b'[');
    for (i, v) in values.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        value::write_json(out, v);
    }
    out.push(b']');
    Ok(())
}
