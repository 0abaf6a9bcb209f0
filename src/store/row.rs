//! Rows from the driver, straight to JSON bytes or to typed values.
//!
//! Not generic over entities: the columns of a SELECT are known as kinds ([`Column`]), and each cell
//! is decoded by kind and written at once. Measured, this beats serialising structs, and it is right
//! where SeaORM's own JSON is not (decimals and floats on SQLite, JSON columns, arrays).
//!
//! Each driver has its own total match of kinds (`postgres`, `mysql`, `sqlite`), which says as what
//! Rust type a cell is decoded; how that type is written is the same for all, in `style` (and in
//! [`csv`] for its cells).

pub mod csv;
mod mysql;
mod postgres;
pub mod sheet;
mod sqlite;
mod style;

use sea_orm::{QueryResult, Value};
use sqlx::{ColumnIndex, Database, Row, ValueRef as _};

use crate::error::Error;
use crate::model::{Kind, value};
use crate::query::Mark;

use self::style::{NULL, Style};

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

/// Appends the cell as one of a CSV file; nothing for null.
///
/// # Errors
/// 500 when the database holds something that its column's kind cannot be.
pub fn write_csv(
    out: &mut Vec<u8>,
    row: &QueryResult,
    index: usize,
    kind: Column<'_>,
) -> Result<(), Error> {
    let start = out.len();
    write(out, row, index, kind, Style::Csv)
        .map_err(|e| Error::internal(format!("column {index} ({kind}): {e}")))?;
    match kind {
        Kind::Json | Kind::Array(_) => csv::rewrite(out, start),
        // What is no number is null, as in JSON.
        Kind::Float | Kind::Double if out[start..] == *b"null" => out.truncate(start),
        _ => {}
    }
    Ok(())
}

/// Appends the cell as the text that [`value::from_text`] reads; `false`, and nothing, for null.
///
/// # Errors
/// 500 when the database holds something that its column's kind cannot be.
pub fn write_text(
    out: &mut Vec<u8>,
    row: &QueryResult,
    index: usize,
    kind: Column<'_>,
) -> Result<bool, Error> {
    let start = out.len();
    write(out, row, index, kind, Style::Text)
        .map_err(|e| Error::internal(format!("column {index} ({kind}): {e}")))?;
    let real = matches!(kind, Kind::Float | Kind::Double);
    let null = out[start..] == *NULL || real && out[start..] == *b"null";
    if null {
        out.truncate(start);
    }
    Ok(!null)
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

/// What the row has in a key of its order, where the next page goes on.
///
/// # Errors
/// 500 when the database holds something that its column's kind cannot be.
pub fn mark(row: &QueryResult, index: usize, kind: Column<'_>) -> Result<Mark, Error> {
    let Some(row) = row.try_as_sqlite_row() else {
        return value(row, index, kind).map(Mark::Value);
    };
    let cell = filled(row, index).and_then(|cell| cell.map(sqlite::cell).transpose());
    match cell {
        Ok(Some(cell)) => Ok(Mark::Cell(cell)),
        Ok(None) => Ok(Mark::Value(value::null(kind))),
        Err(e) => Err(Error::internal(format!("column {index} ({kind}): {e}"))),
    }
}

fn write(
    out: &mut Vec<u8>,
    row: &QueryResult,
    index: usize,
    kind: &Kind,
    style: Style,
) -> Result<(), DecodeError> {
    let written = if let Some(row) = row.try_as_pg_row() {
        filled(row, index)?.map(|cell| postgres::write(out, cell, kind, style))
    } else if let Some(row) = row.try_as_sqlite_row() {
        filled(row, index)?.map(|cell| sqlite::write(out, cell, kind, style))
    } else if let Some(row) = row.try_as_mysql_row() {
        filled(row, index)?.map(|cell| mysql::write(out, cell, kind, style))
    } else {
        return Err("a row of an unknown driver".into());
    };
    written.unwrap_or_else(|| {
        style.null(out);
        Ok(())
    })
}

/// The cell, unless it is null.
fn filled<R: Row>(
    row: &R,
    index: usize,
) -> Result<Option<<R::Database as Database>::ValueRef<'_>>, DecodeError>
where
    usize: ColumnIndex<R>,
{
    let cell = row.try_get_raw(index)?;
    Ok((!cell.is_null()).then_some(cell))
}

/// The text of a JSON column where the database does not itself see to it that it is JSON.
fn json_text(out: &mut Vec<u8>, text: &[u8]) {
    match serde_json::from_slice::<&serde_json::value::RawValue>(text) {
        Ok(json) => out.extend_from_slice(json.get().as_bytes()),
        Err(_) => value::write_string(out, &String::from_utf8_lossy(text)),
    }
}
