//! Rows from the driver, straight to JSON bytes or to typed values.
//!
//! Not generic over entities: the columns of a SELECT are known as kinds ([`Column`]), and each cell
//! is decoded by kind and written at once. Measured, this beats serialising structs, and it is right
//! where SeaORM's own JSON is not (decimals and floats on SQLite, JSON columns, arrays).

use std::io::Write as _;

use sea_orm::{QueryResult, Value};
use sqlx::mysql::{MySql, MySqlRow};
use sqlx::postgres::{PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Row as _, TypeInfo as _, ValueRef as _};

use crate::error::Error;
use crate::model::{Kind, value};

/// One column of a SELECT: what its cells are.
pub type Column<'a> = &'a Kind;

type DecodeError = Box<dyn std::error::Error + Send + Sync>;

/// Appends the cell as JSON.
///
/// # Errors
/// 500 when the database holds something that its column's kind cannot be.
pub fn write_json(
    out: &mut Vec<u8>,
    row: &QueryResult,
    index: usize,
    kind: Column<'_>,
) -> Result<(), Error> {
    write(out, row, index, kind, Style::Json)
        .map_err(|e| Error::internal(format!("column {index} ({kind}): {e}")))
}

/// The cell as a typed value.
///
/// # Errors
/// 500 when the database holds something that its column's kind cannot be.
pub fn value(row: &QueryResult, index: usize, kind: Column<'_>) -> Result<Value, Error> {
    let mut out = Vec::new();
    let broken = |e: DecodeError| Error::internal(format!("column {index} ({kind}): {e}"));
    write(&mut out, row, index, kind, Style::Text).map_err(broken)?;
    if out == NULL {
        return Ok(value::null(kind));
    }
    let text = String::from_utf8(out).map_err(|e| broken(e.into()))?;
    // A stored value may break a limit that was added after it was written.
    let relaxed = match kind {
        Kind::Text(_) | Kind::Enum { .. } => &Kind::Text(None),
        Kind::Decimal(_) => &Kind::Decimal(None),
        other => other,
    };
    value::from_text(relaxed, &text).map_err(|m| broken(m.detail.into()))
}

/// What [`Style::Text`] writes for null: no text from a database contains NUL.
const NULL: &[u8] = b"\0";

/// How a cell is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// As JSON.
    Json,
    /// As the text that [`value::from_text`] reads.
    Text,
}

impl Style {
    fn null(self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self {
            Self::Json => b"null",
            Self::Text => NULL,
        });
    }

    fn text(self, out: &mut Vec<u8>, text: &str) {
        match self {
            Self::Json => value::write_string(out, text),
            Self::Text => out.extend_from_slice(text.as_bytes()),
        }
    }

    fn quoted(self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        let quote: &[u8] = if self == Self::Json { b"\"" } else { b"" };
        out.extend_from_slice(quote);
        write(out);
        out.extend_from_slice(quote);
    }
}

fn write(
    out: &mut Vec<u8>,
    row: &QueryResult,
    index: usize,
    kind: &Kind,
    style: Style,
) -> Result<(), DecodeError> {
    if let Some(row) = row.try_as_pg_row() {
        postgres(out, row, index, kind, style)
    } else if let Some(row) = row.try_as_sqlite_row() {
        sqlite(out, row, index, kind, style)
    } else if let Some(row) = row.try_as_mysql_row() {
        mysql(out, row, index, kind, style)
    } else {
        Err("a row of an unknown driver".into())
    }
}

fn integer(out: &mut Vec<u8>, n: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
}

fn double(out: &mut Vec<u8>, n: f64) {
    match serde_json::Number::from_f64(n) {
        Some(_) => out.extend_from_slice(ryu::Buffer::new().format_finite(n).as_bytes()),
        // JSON has no infinities and no NaN.
        None => out.extend_from_slice(b"null"),
    }
}

fn float(out: &mut Vec<u8>, n: f32) {
    if n.is_finite() {
        out.extend_from_slice(ryu::Buffer::new().format_finite(n).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}

fn boolean(out: &mut Vec<u8>, truth: bool) {
    out.extend_from_slice(if truth { b"true" } else { b"false" });
}

fn postgres(
    out: &mut Vec<u8>,
    row: &PgRow,
    index: usize,
    kind: &Kind,
    style: Style,
) -> Result<(), DecodeError> {
    use rust_decimal::Decimal;
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        style.null(out);
        return Ok(());
    }
    match kind {
        Kind::Bool => boolean(out, <bool as Decode<Postgres>>::decode(raw)?),
        // The column may be narrower or wider than the entity's type says.
        Kind::Int(_) => integer(out, big_endian(raw.as_bytes()?)?),
        Kind::Float | Kind::Double => match raw.as_bytes()?.len() {
            4 => float(out, <f32 as Decode<Postgres>>::decode(raw)?),
            _ => double(out, <f64 as Decode<Postgres>>::decode(raw)?),
        },
        Kind::Decimal(_) => {
            let n = <Decimal as Decode<Postgres>>::decode(raw)?;
            style.quoted(out, |out| {
                let _ = write!(out, "{n}");
            });
        }
        Kind::Text(_) | Kind::Enum { .. } => {
            style.text(out, <&str as Decode<Postgres>>::decode(raw)?);
        }
        Kind::Uuid => {
            let id = <uuid::Uuid as Decode<Postgres>>::decode(raw)?;
            style.text(
                out,
                id.hyphenated()
                    .encode_lower(&mut uuid::Uuid::encode_buffer()),
            );
        }
        Kind::Date => {
            let date = <chrono::NaiveDate as Decode<Postgres>>::decode(raw)?;
            style.quoted(out, |out| value::write_date(out, date));
        }
        Kind::Time => {
            let time = <chrono::NaiveTime as Decode<Postgres>>::decode(raw)?;
            style.quoted(out, |out| value::write_time(out, time));
        }
        // Both are microseconds since 2000, the one by the clock on the wall, the other in UTC.
        Kind::DateTime | Kind::Timestamp => {
            let at = <chrono::NaiveDateTime as Decode<Postgres>>::decode(raw)?;
            style.quoted(out, |out| value::write_instant(out, at));
        }
        Kind::Bytes(_) => {
            let bytes = <&[u8] as Decode<Postgres>>::decode(raw)?;
            style.quoted(out, |out| value::write_base64(out, bytes));
        }
        Kind::Json => {
            let text = raw.as_bytes()?;
            // jsonb begins with a version byte; both are the very text of the value.
            let text = if raw.type_info().name() == "JSONB" {
                &text[1..]
            } else {
                text
            };
            compact(out, text);
        }
        Kind::Array(item) => postgres_array(out, row, index, item)?,
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

fn postgres_array(
    out: &mut Vec<u8>,
    row: &PgRow,
    index: usize,
    item: &Kind,
) -> Result<(), DecodeError> {
    let raw = row.try_get_raw(index)?;
    macro_rules! items {
        ($type:ty) => {
            <Vec<Option<$type>> as Decode<Postgres>>::decode(raw)?
                .into_iter()
                .map(|v| Value::from(v))
                .collect::<Vec<_>>()
        };
    }
    let values = match item {
        Kind::Bool => items!(bool),
        Kind::Int(crate::model::IntSize::I16) => items!(i16),
        Kind::Int(crate::model::IntSize::I32) => items!(i32),
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

/// SQLite types its cells one by one, whatever the column was declared as: a decimal may come as an
/// integer, a date as text or a number, and text may be no UTF-8 (A87: shown lossily, never refused).
fn sqlite(
    out: &mut Vec<u8>,
    row: &SqliteRow,
    index: usize,
    kind: &Kind,
    style: Style,
) -> Result<(), DecodeError> {
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        style.null(out);
        return Ok(());
    }
    let stored = raw.type_info();
    let stored = stored.name();
    match kind {
        Kind::Bool => boolean(out, <i64 as Decode<Sqlite>>::decode(raw)? != 0),
        Kind::Int(_) => integer(out, <i64 as Decode<Sqlite>>::decode(raw)?),
        Kind::Double => double(out, <f64 as Decode<Sqlite>>::decode(raw)?),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the column holds 32-bit floats"
        )]
        Kind::Float => float(out, <f64 as Decode<Sqlite>>::decode(raw)? as f32),
        Kind::Decimal(size) => match stored {
            "TEXT" => style.text(out, <&str as Decode<Sqlite>>::decode(raw)?),
            "INTEGER" => {
                let n = <i64 as Decode<Sqlite>>::decode(raw)?;
                let scale = size.map_or(0, |(_, scale)| scale) as usize;
                style.quoted(out, |out| {
                    let point = if scale > 0 { "." } else { "" };
                    let _ = write!(out, "{n}{point}{:0<scale$}", "");
                });
            }
            _ => {
                let n = <f64 as Decode<Sqlite>>::decode(raw)?;
                style.quoted(out, |out| {
                    let _ = match size {
                        // To the reader as the other databases give it; as a value, by which rows
                        // are compared, with whatever more somebody else has put there.
                        Some((_, scale)) if style == Style::Json => {
                            write!(out, "{n:.*}", *scale as usize)
                        }
                        _ => write!(out, "{n}"),
                    };
                });
            }
        },
        Kind::Uuid if stored == "BLOB" => {
            let id = <uuid::Uuid as Decode<Sqlite>>::decode(raw)?;
            style.text(
                out,
                id.hyphenated()
                    .encode_lower(&mut uuid::Uuid::encode_buffer()),
            );
        }
        Kind::Text(_) | Kind::Enum { .. } | Kind::Uuid => {
            let bytes = <&[u8] as Decode<Sqlite>>::decode(raw)?;
            style.text(out, &String::from_utf8_lossy(bytes));
        }
        Kind::Date => {
            let date = <chrono::NaiveDate as Decode<Sqlite>>::decode(raw)?;
            style.quoted(out, |out| value::write_date(out, date));
        }
        Kind::Time => {
            let time = <chrono::NaiveTime as Decode<Sqlite>>::decode(raw)?;
            style.quoted(out, |out| value::write_time(out, time));
        }
        Kind::DateTime => {
            let at = <chrono::NaiveDateTime as Decode<Sqlite>>::decode(raw)?;
            style.quoted(out, |out| value::write_instant(out, at));
        }
        Kind::Timestamp => {
            let at = <chrono::DateTime<chrono::Utc> as Decode<Sqlite>>::decode(raw)?;
            style.quoted(out, |out| value::write_instant(out, at.naive_utc()));
        }
        Kind::Bytes(_) => {
            let bytes = <&[u8] as Decode<Sqlite>>::decode(raw)?;
            style.quoted(out, |out| value::write_base64(out, bytes));
        }
        Kind::Json | Kind::Array(_) => {
            json_text(out, <&[u8] as Decode<Sqlite>>::decode(raw)?);
        }
    }
    Ok(())
}

/// The text of a JSON column where the database does not itself see to it that it is JSON.
fn json_text(out: &mut Vec<u8>, text: &[u8]) {
    match serde_json::from_slice::<&serde_json::value::RawValue>(text) {
        Ok(json) => out.extend_from_slice(json.get().as_bytes()),
        Err(_) => value::write_string(out, &String::from_utf8_lossy(text)),
    }
}

fn mysql(
    out: &mut Vec<u8>,
    row: &MySqlRow,
    index: usize,
    kind: &Kind,
    style: Style,
) -> Result<(), DecodeError> {
    use rust_decimal::Decimal;
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        style.null(out);
        return Ok(());
    }
    match kind {
        Kind::Bool => boolean(out, <i64 as Decode<MySql>>::decode(raw)? != 0),
        Kind::Int(crate::model::IntSize::U64) => {
            let n = <u64 as Decode<MySql>>::decode(raw)?;
            out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
        }
        Kind::Int(_) => integer(out, <i64 as Decode<MySql>>::decode(raw)?),
        Kind::Float => float(out, <f32 as Decode<MySql>>::decode(raw)?),
        Kind::Double => double(out, <f64 as Decode<MySql>>::decode(raw)?),
        Kind::Decimal(_) => {
            let n = <Decimal as Decode<MySql>>::decode(raw)?;
            style.quoted(out, |out| {
                let _ = write!(out, "{n}");
            });
        }
        Kind::Text(_) | Kind::Enum { .. } => {
            style.text(out, <&str as Decode<MySql>>::decode(raw)?);
        }
        Kind::Uuid => {
            let id = <uuid::Uuid as Decode<MySql>>::decode(raw)?;
            style.text(
                out,
                id.hyphenated()
                    .encode_lower(&mut uuid::Uuid::encode_buffer()),
            );
        }
        Kind::Date => {
            let date = <chrono::NaiveDate as Decode<MySql>>::decode(raw)?;
            style.quoted(out, |out| value::write_date(out, date));
        }
        Kind::Time => {
            let time = <chrono::NaiveTime as Decode<MySql>>::decode(raw)?;
            style.quoted(out, |out| value::write_time(out, time));
        }
        Kind::DateTime | Kind::Timestamp => {
            let at = <chrono::NaiveDateTime as Decode<MySql>>::decode(raw)?;
            style.quoted(out, |out| value::write_instant(out, at));
        }
        Kind::Bytes(_) => {
            let bytes = <&[u8] as Decode<MySql>>::decode(raw)?;
            style.quoted(out, |out| value::write_base64(out, bytes));
        }
        Kind::Json | Kind::Array(_) => json_text(out, <&[u8] as Decode<MySql>>::decode(raw)?),
    }
    Ok(())
}
