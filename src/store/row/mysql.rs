//! Cells of MariaDB and MySQL.

use sqlx::Decode;
use sqlx::mysql::{MySql, MySqlValueRef};

use crate::model::{IntSize, Kind};

use super::style::{Style, boolean, double, float, integer};
use super::{DecodeError, json_text};

/// The cell as its column's type says.
fn decoded<'r, T: Decode<'r, MySql>>(cell: MySqlValueRef<'r>) -> Result<T, DecodeError> {
    T::decode(cell)
}

pub(super) fn write(
    out: &mut Vec<u8>,
    cell: MySqlValueRef<'_>,
    kind: &Kind,
    style: Style,
) -> Result<(), DecodeError> {
    match kind {
        Kind::Bool => boolean(out, decoded::<i64>(cell)? != 0),
        Kind::Int(IntSize::U64) => integer(out, decoded::<u64>(cell)?),
        Kind::Int(_) => integer(out, decoded::<i64>(cell)?),
        Kind::Float => float(out, decoded(cell)?),
        Kind::Double => double(out, decoded(cell)?),
        Kind::Decimal(_) => style.decimal(out, decoded(cell)?),
        Kind::Text(_) | Kind::Enum { .. } => style.text(out, decoded(cell)?),
        Kind::Uuid => style.uuid(out, decoded(cell)?),
        Kind::Date => style.date(out, decoded(cell)?),
        Kind::Time => style.time(out, decoded(cell)?),
        Kind::DateTime | Kind::Timestamp => style.instant(out, decoded(cell)?),
        Kind::Bytes(_) => style.bytes(out, decoded(cell)?),
        Kind::Json | Kind::Array(_) => json_text(out, decoded(cell)?),
    }
    Ok(())
}
