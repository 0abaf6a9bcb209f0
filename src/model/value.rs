//! The only match of [`Kind`] × JSON → [`Value`] and back.
//!
//! Values come in three ways: as JSON in a body ([`from_input`]), as text in an address, a form or a
//! cursor ([`from_text`]), and from the database (`store::row`). They leave as JSON
//! ([`write_json`]) or as text ([`to_text`]). What a column cannot hold exactly is refused here,
//! never rounded. Rules about a whole record live in [`super::patch`].

use std::io::Write as _;
use std::str::FromStr;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use rust_decimal::Decimal;
use sea_orm::Value;
use sea_orm::sea_query::ArrayType;

use super::input::Input;
use super::kind::{IntSize, Kind};

/// Why a value does not fit its kind: a stable code and a sentence that follows the field's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Stable code, such as `type` or `out_of_range`.
    pub code: &'static str,
    /// For example `must be a whole number`.
    pub detail: String,
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

/// A JSON value of a request body as a value of `kind`. `null` is the kind's null.
///
/// # Errors
/// What is wrong with it.
pub fn from_input(kind: &Kind, input: &Input) -> Result<Value, Misfit> {
    match (kind, input) {
        (_, Input::Null) => Ok(null(kind)),
        (Kind::Json, _) if input.contains_nul() => misfit("nul", "must not contain NUL"),
        (Kind::Json, _) => match input.to_json() {
            Ok(json) => Ok(Value::Json(Some(Box::new(json)))),
            Err(number) => misfit(
                "inexact",
                format!("cannot keep the number {number} exactly"),
            ),
        },
        (Kind::Bool, Input::Bool(b)) => Ok((*b).into()),
        (Kind::Bool, _) => wrong_type("a boolean", input),
        (Kind::Int(size), Input::Number(text)) => integer(*size, &whole(text)?),
        (Kind::Int(_), _) => wrong_type("a whole number", input),
        (Kind::Float | Kind::Double, Input::Number(text)) => float(kind, text),
        (Kind::Float | Kind::Double, _) => wrong_type("a number", input),
        (Kind::Decimal(size), Input::Number(text) | Input::String(text)) => decimal(*size, text),
        (Kind::Decimal(_), _) => wrong_type("a decimal in a string", input),
        (Kind::Array(item), Input::Array(items)) => {
            let values = items
                .iter()
                .map(|i| from_input(item, i))
                .collect::<Result<_, _>>()?;
            Ok(Value::Array(array_type(item), Some(Box::new(values))))
        }
        (Kind::Array(_), _) => wrong_type("an array", input),
        (
            Kind::Text(_)
            | Kind::Enum { .. }
            | Kind::Uuid
            | Kind::Date
            | Kind::Time
            | Kind::DateTime
            | Kind::Timestamp
            | Kind::Bytes(_),
            Input::String(text),
        ) => from_text(kind, text),
        _ => wrong_type("a string", input),
    }
}

/// A text from an address, a form or a cursor as a value of `kind`.
///
/// # Errors
/// What is wrong with it.
pub fn from_text(kind: &Kind, text: &str) -> Result<Value, Misfit> {
    match kind {
        Kind::Bool => match text {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ => misfit("type", "must be true or false"),
        },
        Kind::Int(size) => integer(*size, text),
        Kind::Float | Kind::Double => float(kind, text),
        Kind::Decimal(size) => decimal(*size, text),
        Kind::Text(max) => bounded_text(*max, text),
        Kind::Enum { variants, .. } => {
            if variants.iter().any(|v| v == text) {
                Ok(text.into())
            } else {
                misfit("choice", format!("must be one of {}", variants.join(", ")))
            }
        }
        Kind::Uuid => match uuid::Uuid::try_parse(text) {
            Ok(id) if text.len() == 36 => Ok(id.into()),
            _ => misfit(
                "type",
                "must be a UUID such as 0190b5a0-1111-7aaa-8bbb-123456789abc",
            ),
        },
        Kind::Date => date(text).map(Into::into),
        Kind::Time => time(text).map(Into::into),
        Kind::DateTime => instant(text).map(|t| t.naive_utc().into()),
        Kind::Timestamp => instant(text).map(Into::into),
        Kind::Bytes(max) => bytes(*max, text),
        Kind::Json | Kind::Array(_) => match Input::parse(text.as_bytes()) {
            Ok(input) => from_input(kind, &input),
            Err(_) => misfit("type", "must be valid JSON"),
        },
    }
}

/// `5`, `5.0` and `5e0` are the same whole number (JSON Schema, section 4.2.3).
fn whole(text: &str) -> Result<String, Misfit> {
    if !text.contains(['.', 'e', 'E']) {
        return Ok(text.to_owned());
    }
    match text.parse::<f64>() {
        Ok(f) if f.fract() == 0.0 && f.abs() < 9_007_199_254_740_992.0 => Ok(format!("{f:.0}")),
        _ => misfit("type", "must be a whole number"),
    }
}

fn integer(size: IntSize, text: &str) -> Result<Value, Misfit> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return misfit("type", "must be a whole number");
    }
    let (min, max) = size.range();
    let fits = text
        .parse::<i128>()
        .ok()
        .filter(|n| (min..=max).contains(n));
    let Some(n) = fits else {
        return misfit("out_of_range", format!("must be between {min} and {max}"));
    };
    // The range check above makes each of these conversions exact.
    Ok(match size {
        IntSize::I8 => Value::TinyInt(i8::try_from(n).ok()),
        IntSize::I16 => Value::SmallInt(i16::try_from(n).ok()),
        IntSize::I32 => Value::Int(i32::try_from(n).ok()),
        IntSize::I64 => Value::BigInt(i64::try_from(n).ok()),
        IntSize::U8 => Value::TinyUnsigned(u8::try_from(n).ok()),
        IntSize::U16 => Value::SmallUnsigned(u16::try_from(n).ok()),
        IntSize::U32 => Value::Unsigned(u32::try_from(n).ok()),
        IntSize::U64 => Value::BigUnsigned(u64::try_from(n).ok()),
    })
}

fn float(kind: &Kind, text: &str) -> Result<Value, Misfit> {
    // `inf` and `NaN` parse in Rust, but are no JSON.
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    match text.parse::<f64>() {
        Ok(f) if plain && kind == &Kind::Double && f.is_finite() => Ok(f.into()),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a 32-bit column holds 32 bits"
        )]
        Ok(f) if plain && kind == &Kind::Float && (f as f32).is_finite() => Ok((f as f32).into()),
        Ok(_) if plain => misfit("out_of_range", "is too large"),
        _ => misfit("type", "must be a number"),
    }
}

fn decimal(size: Option<(u32, u32)>, text: &str) -> Result<Value, Misfit> {
    let parsed = if text.contains(['e', 'E']) {
        Decimal::from_scientific(text)
    } else {
        Decimal::from_str_exact(text)
    };
    let shape = text.strip_prefix('-').unwrap_or(text);
    let looks = shape.bytes().next().is_some_and(|b| b.is_ascii_digit())
        && shape
            .bytes()
            .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    let number = match parsed {
        Ok(number) if looks => number,
        Err(rust_decimal::Error::Underflow | rust_decimal::Error::ExceedsMaximumPossibleValue)
            if looks =>
        {
            return misfit("out_of_range", "has more digits than can be kept exactly");
        }
        _ if looks && shape.len() > 28 => {
            return misfit("out_of_range", "has more digits than can be kept exactly");
        }
        _ => return misfit("type", "must be a decimal such as \"12.50\""),
    };
    if let Some((precision, scale)) = size {
        let number = number.normalize();
        if number.scale() > scale {
            return misfit(
                "inexact",
                format!("can have at most {scale} decimal places"),
            );
        }
        let whole_digits = precision.saturating_sub(scale);
        let limit = Decimal::from_str(&format!("1{}", "0".repeat(whole_digits as usize)));
        if limit.is_ok_and(|limit| number.abs() >= limit) {
            let detail = format!("can have at most {whole_digits} digits before the point");
            return misfit("out_of_range", detail);
        }
    }
    Ok(number.into())
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

fn bounded_text(max: Option<u32>, text: &str) -> Result<Value, Misfit> {
    if text.contains('\0') {
        return misfit("nul", "must not contain NUL");
    }
    // Counting characters is only needed where the bytes alone could be too many.
    if let Some(max) = max.map(|m| m as usize)
        && text.len() > max
        && text.chars().count() > max
    {
        return misfit("too_long", format!("can have at most {max} characters"));
    }
    Ok(text.into())
}

fn date(text: &str) -> Result<NaiveDate, Misfit> {
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(d) if text.len() == 10 && (1..=9999).contains(&d.year()) => Ok(d),
        _ => misfit("type", "must be a date such as 2026-11-22"),
    }
}

fn time(text: &str) -> Result<NaiveTime, Misfit> {
    let parsed = NaiveTime::parse_from_str(text, "%H:%M:%S%.f")
        .or_else(|_| NaiveTime::parse_from_str(text, "%H:%M"));
    match parsed {
        Ok(t) if t.nanosecond() >= 1_000_000_000 => misfit("type", "must not be a leap second"),
        Ok(t) if t.nanosecond() % 1000 != 0 => misfit("inexact", MICROSECONDS),
        Ok(t) => Ok(t),
        Err(_) => misfit("type", "must be a time such as 07:08:09"),
    }
}

const MICROSECONDS: &str = "can have at most 6 decimal places of a second";

/// RFC 3339; without an offset, or as a date alone, it is taken as UTC.
fn instant(text: &str) -> Result<DateTime<Utc>, Misfit> {
    let naive = |format| NaiveDateTime::parse_from_str(text, format).map(|t| t.and_utc());
    let parsed = DateTime::parse_from_rfc3339(text)
        .map(|t| t.to_utc())
        .or_else(|_| naive("%Y-%m-%dT%H:%M:%S%.f"))
        .or_else(|_| naive("%Y-%m-%d %H:%M:%S%.f"))
        .or_else(|_| naive("%Y-%m-%dT%H:%M"))
        .ok()
        .or_else(|| {
            date(text)
                .ok()
                .map(|d| d.and_time(NaiveTime::MIN).and_utc())
        });
    match parsed {
        Some(t) if t.nanosecond() >= 1_000_000_000 => misfit("type", "must not be a leap second"),
        Some(t) if t.nanosecond() % 1000 != 0 => misfit("inexact", MICROSECONDS),
        Some(t) if (1..=9999).contains(&t.year()) => Ok(t),
        Some(_) => misfit("out_of_range", "must be in the years 1 to 9999"),
        None => misfit(
            "type",
            "must be a timestamp such as 2026-11-22T07:08:09Z (write + as %2B in an address)",
        ),
    }
}

fn bytes(max: Option<u32>, text: &str) -> Result<Value, Misfit> {
    let Ok(bytes) = BASE64.decode(text) else {
        return misfit("type", "must be base64 with padding");
    };
    match max {
        Some(max) if bytes.len() > max as usize => {
            misfit("too_long", format!("can have at most {max} bytes"))
        }
        _ => Ok(bytes.into()),
    }
}

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

/// The text of a value in an address, a form or a cursor; `None` for null. [`from_text`] of the
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

/// Appends `YYYY-MM-DDTHH:MM:SS[.ffffff]Z` without quotes. By hand: chrono's own formatter is the
/// most expensive step of writing a row with timestamps.
pub fn write_instant(out: &mut Vec<u8>, at: NaiveDateTime) {
    write_date(out, at.date());
    out.push(b'T');
    write_time(out, at.time());
    out.push(b'Z');
}

/// Appends `YYYY-MM-DD` without quotes.
pub fn write_date(out: &mut Vec<u8>, date: NaiveDate) {
    let _ = write!(out, "{:04}", date.year());
    out.push(b'-');
    two_digits(out, date.month());
    out.push(b'-');
    two_digits(out, date.day());
}

/// Appends `HH:MM:SS[.ffffff]` without quotes.
pub fn write_time(out: &mut Vec<u8>, time: NaiveTime) {
    two_digits(out, time.hour());
    out.push(b':');
    two_digits(out, time.minute());
    out.push(b':');
    two_digits(out, time.second());
    let micros = time.nanosecond() / 1000 % 1_000_000;
    if micros > 0 {
        let text = format!("{micros:06}");
        out.push(b'.');
        out.extend_from_slice(text.trim_end_matches('0').as_bytes());
    }
}

fn two_digits(out: &mut Vec<u8>, n: u32) {
    // Both digits are below ten, so the casts keep them.
    out.push(b'0' + (n / 10 % 10) as u8);
    out.push(b'0' + (n % 10) as u8);
}

#[cfg(test)]
mod tests;
