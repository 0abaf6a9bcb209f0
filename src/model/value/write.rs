//! Values as JSON and as texts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sea_orm::Value;

use crate::model::Kind;

use super::calendar::{write_instant, write_time};

/// Appends `value` as JSON to `out`.
pub fn write_json(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Bool(Some(true)) => out.extend_from_slice(b"true"),
        Value::Bool(Some(false)) => out.extend_from_slice(b"false"),
        Value::Float(Some(f)) => write_float(out, serde_json::to_vec(f)),
        Value::Double(Some(f)) => write_float(out, serde_json::to_vec(f)),
        Value::Json(Some(json)) => write_float(out, serde_json::to_vec(json)),
        Value::Array(_, Some(items)) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_json(out, item);
            }
            out.push(b']');
        }
        other => match to_text(other) {
            None => out.extend_from_slice(b"null"),
            Some(text) if is_integer(other) => out.extend_from_slice(text.as_bytes()),
            Some(text) => write_string(out, &text),
        },
    }
}

/// Appends the value of a field as JSON: a decimal with as many places as its column has, as the
/// other databases give it and as `store::row` writes it.
pub fn write_field(out: &mut Vec<u8>, kind: &Kind, value: &Value) {
    match (kind, value) {
        (Kind::Decimal(Some((_, scale))), Value::Decimal(Some(d))) => {
            let mut exact = *d;
            exact.rescale(*scale);
            write_json(out, &exact.into());
        }
        _ => write_json(out, value),
    }
}

/// Serialising a number or a JSON value to memory cannot fail; if it ever did, null is honest.
fn write_float(out: &mut Vec<u8>, text: serde_json::Result<Vec<u8>>) {
    out.extend_from_slice(&text.unwrap_or_else(|_| b"null".to_vec()));
}

/// Appends a JSON string.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    // Writing to memory cannot fail.
    let _ = serde_json::to_writer(&mut *out, text);
}

/// Appends base64 without quotes.
pub fn write_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(BASE64.encode(bytes).as_bytes());
}

fn is_integer(value: &Value) -> bool {
    matches!(
        value,
        Value::TinyInt(_)
            | Value::SmallInt(_)
            | Value::Int(_)
            | Value::BigInt(_)
            | Value::TinyUnsigned(_)
            | Value::SmallUnsigned(_)
            | Value::Unsigned(_)
            | Value::BigUnsigned(_)
    )
}

/// The text of a value in an address, a form or a cursor; `None` for null. [`super::from_text`] of the
/// value's kind reads it back.
#[must_use]
pub fn to_text(value: &Value) -> Option<String> {
    fn text<T: ToString>(value: Option<&T>) -> Option<String> {
        value.map(ToString::to_string)
    }
    match value {
        Value::Bool(v) => text(v.as_ref()),
        Value::TinyInt(v) => text(v.as_ref()),
        Value::SmallInt(v) => text(v.as_ref()),
        Value::Int(v) => text(v.as_ref()),
        Value::BigInt(v) => text(v.as_ref()),
        Value::TinyUnsigned(v) => text(v.as_ref()),
        Value::SmallUnsigned(v) => text(v.as_ref()),
        Value::Unsigned(v) => text(v.as_ref()),
        Value::BigUnsigned(v) => text(v.as_ref()),
        Value::Float(v) => text(v.as_ref()),
        Value::Double(v) => text(v.as_ref()),
        Value::String(v) => v.clone(),
        Value::Char(v) => text(v.as_ref()),
        Value::Enum(v) => enum_text(v),
        Value::Bytes(v) => v.as_ref().map(|b| BASE64.encode(b)),
        Value::Json(v) => text(v.as_ref()),
        Value::ChronoDate(v) => text(v.as_ref()),
        Value::ChronoTime(v) => v.as_ref().map(|t| buffered(|out| write_time(out, *t))),
        Value::ChronoDateTime(v) => v.as_ref().map(|t| buffered(|out| write_instant(out, *t))),
        Value::ChronoDateTimeUtc(v) => v
            .as_ref()
            .map(|t| buffered(|out| write_instant(out, t.naive_utc()))),
        Value::ChronoDateTimeLocal(v) => v
            .as_ref()
            .map(|t| buffered(|out| write_instant(out, t.naive_utc()))),
        Value::ChronoDateTimeWithTimeZone(v) => v
            .as_ref()
            .map(|t| buffered(|out| write_instant(out, t.naive_utc()))),
        Value::Uuid(v) => text(v.as_ref()),
        Value::Decimal(v) => text(v.as_ref()),
        Value::Array(_, v) => v.as_ref().map(|_| buffered(|out| write_json(out, value))),
        // The rest depends on features of sea-query that no `Kind` is made from.
        _ => None,
    }
}

fn enum_text(value: &sea_orm::sea_query::OptionEnum) -> Option<String> {
    use sea_orm::sea_query::OptionEnum;
    match value {
        OptionEnum::Some(e) => Some(e.value.to_string()),
        OptionEnum::None(_) => None,
    }
}

fn buffered(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::with_capacity(32);
    write(&mut out);
    String::from_utf8(out).unwrap_or_default()
}
