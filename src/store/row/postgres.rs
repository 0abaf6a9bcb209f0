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
        Kind::Decimal(_) => {
            let bytes = cell.as_bytes()?;
            let mut whole = Ok(());
            style.quoted(out, |out| whole = numeric(out, bytes));
            whole?;
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

/// A decimal as the server sends it: groups of four digits, and the places that it is shown with.
fn numeric(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), DecodeError> {
    let word = |i: usize| -> Result<u16, DecodeError> {
        let two = bytes
            .get(2 * i..2 * i + 2)
            .ok_or("a decimal that is cut off")?;
        Ok(u16::from_be_bytes(two.try_into()?))
    };
    let (groups, weight) = (i32::from(word(0)?), i32::from(word(1)?.cast_signed()));
    let (sign, places) = (word(2)?, usize::from(word(3)?));
    match sign {
        0 => {}
        0x4000 => out.push(b'-'),
        _ => return Err("a decimal that is no number".into()),
    }
    let group = |i: i32| -> Result<u16, DecodeError> {
        match usize::try_from(i) {
            Ok(at) if i < groups => word(4 + at),
            _ => Ok(0),
        }
    };
    let mut digits = itoa::Buffer::new();
    out.extend_from_slice(digits.format(group(0.min(weight))?).as_bytes());
    for i in 1..=weight {
        out.extend_from_slice(&four(group(i)?));
    }
    if places > 0 {
        out.push(b'.');
        let end = out.len() + places;
        let mut i = weight + 1;
        while out.len() < end {
            out.extend_from_slice(&four(group(i)?));
            i += 1;
        }
        out.truncate(end);
    }
    Ok(())
}

/// The four digits of a group.
fn four(group: u16) -> [u8; 4] {
    let digit = |n: u16| b'0' + u8::try_from(n % 10).unwrap_or(0);
    [
        digit(group / 1000),
        digit(group / 100),
        digit(group / 10),
        digit(group),
    ]
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(words: &[u16]) -> String {
        let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_be_bytes()).collect();
        let mut out = Vec::new();
        numeric(&mut out, &bytes).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_decimal_has_all_its_digits_and_its_places() {
        assert_eq!(shown(&[0, 0, 0, 2]), "0.00");
        assert_eq!(shown(&[1, 0, 0, 0, 7]), "7");
        assert_eq!(shown(&[2, 0, 0, 2, 12, 3000]), "12.30");
        assert_eq!(shown(&[3, 1, 0x4000, 1, 1, 5, 5000]), "-10005.5");
        // Groups of zeros are not sent: 0.0001, 0.00000001, 10000, 100000000.00.
        assert_eq!(shown(&[1, 0xFFFF, 0, 4, 1]), "0.0001");
        assert_eq!(shown(&[1, 0xFFFE, 0, 8, 1]), "0.00000001");
        assert_eq!(shown(&[1, 1, 0, 0, 1]), "10000");
        assert_eq!(shown(&[1, 2, 0, 2, 1]), "100000000.00");
        assert!(numeric(&mut Vec::new(), &[0, 0, 0, 0, 0xC0, 0, 0, 0]).is_err());
        assert!(numeric(&mut Vec::new(), &[0, 1]).is_err());
    }
}
