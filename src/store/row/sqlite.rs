//! Cells of SQLite, which types them one by one, whatever the column was declared as: a decimal may
//! come as an integer, a date as text or a number, and text may be no UTF-8 (A87: shown lossily,
//! never refused).

use std::io::Write as _;

use chrono::{DateTime, Utc};
use sqlx::sqlite::{Sqlite, SqliteValueRef};
use sqlx::{Decode, TypeInfo as _, ValueRef as _};

use crate::model::Kind;
use crate::query::Cell;

use super::style::{Style, boolean, double, float, integer};
use super::{DecodeError, json_text};

/// The cell as that type, as near as SQLite comes to it.
fn decoded<'r, T: Decode<'r, Sqlite>>(cell: SqliteValueRef<'r>) -> Result<T, DecodeError> {
    T::decode(cell)
}

/// The cell as it is, whatever its column is.
pub(super) fn cell(cell: SqliteValueRef<'_>) -> Result<Cell, DecodeError> {
    let stored = cell.type_info();
    Ok(match stored.name() {
        "INTEGER" => Cell::Integer(decoded(cell)?),
        "REAL" => Cell::Real(decoded(cell)?),
        "TEXT" => Cell::Text(decoded::<&[u8]>(cell)?.to_vec()),
        _ => Cell::Blob(decoded::<&[u8]>(cell)?.to_vec()),
    })
}

pub(super) fn write(
    out: &mut Vec<u8>,
    cell: SqliteValueRef<'_>,
    kind: &Kind,
    style: Style,
) -> Result<(), DecodeError> {
    match kind {
        Kind::Bool => boolean(out, decoded::<i64>(cell)? != 0),
        Kind::Int(_) => integer(out, decoded::<i64>(cell)?),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the column holds 32-bit floats"
        )]
        Kind::Float => float(out, decoded::<f64>(cell)? as f32),
        Kind::Double => double(out, decoded(cell)?),
        Kind::Decimal(size) => decimal(out, cell, *size, style)?,
        Kind::Uuid if cell.type_info().name() == "BLOB" => style.uuid(out, decoded(cell)?),
        Kind::Text(_) | Kind::Enum { .. } | Kind::Uuid => {
            style.text(out, &String::from_utf8_lossy(decoded(cell)?));
        }
        Kind::Date => style.date(out, decoded(cell)?),
        Kind::Time => style.time(out, decoded(cell)?),
        Kind::DateTime => style.instant(out, decoded(cell)?),
        Kind::Timestamp => style.instant(out, decoded::<DateTime<Utc>>(cell)?.naive_utc()),
        Kind::Bytes(_) => style.bytes(out, decoded(cell)?),
        Kind::Json | Kind::Array(_) => json_text(out, decoded(cell)?),
    }
    Ok(())
}

fn decimal(
    out: &mut Vec<u8>,
    cell: SqliteValueRef<'_>,
    size: Option<(u32, u32)>,
    style: Style,
) -> Result<(), DecodeError> {
    let stored = cell.type_info();
    match stored.name() {
        "TEXT" => style.text(out, decoded(cell)?),
        "INTEGER" => {
            let n: i64 = decoded(cell)?;
            let scale = size.map_or(0, |(_, scale)| scale) as usize;
            style.quoted(out, |out| {
                let point = if scale > 0 { "." } else { "" };
                let _ = write!(out, "{n}{point}{:0<scale$}", "");
            });
        }
        _ => {
            let n: f64 = decoded(cell)?;
            style.quoted(out, |out| {
                let _ = match size {
                    // To the reader as the other databases give it; as a value, by which rows
                    // are compared, with whatever more somebody else has put there.
                    Some((_, scale)) if style == Style::Json => {
                        write!(out, "{n:.*}", scale as usize)
                    }
                    _ => write!(out, "{n}"),
                };
            });
        }
    }
    Ok(())
}
