//! Which bytes an audit row is: the same on every database, and different for different rows.
//!
//! Each column that is not null, in the order of the names: the name, then the value as text, each
//! with its length before it. So a column that a later version adds changes nothing of older rows.
//! JSON is written with sorted members and exact numbers: PostgreSQL gives it back in another order
//! and with other zeros than it came.

use std::fmt;

use sea_orm::Value;
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::model::value;

/// A column's value.
#[derive(Debug)]
pub(super) enum Cell {
    /// As the driver gave it.
    Plain(Value),
    /// The text of a JSON column.
    Json(String),
}

/// The bytes of a row; `None` when its JSON is none.
pub(super) fn row(columns: &[(&str, Cell)]) -> Option<Vec<u8>> {
    let mut texts = Vec::with_capacity(columns.len());
    for (name, cell) in columns {
        match cell {
            Cell::Plain(value) => texts.extend(value::to_text(value).map(|text| (*name, text))),
            Cell::Json(text) => texts.push((*name, json(text)?)),
        }
    }
    texts.sort_unstable();
    let mut out = Vec::with_capacity(512);
    for (name, text) in texts {
        put(&mut out, name.as_bytes());
        put(&mut out, text.as_bytes());
    }
    Some(out)
}

/// Appends bytes with their length before them.
pub(super) fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// JSON without spaces, members sorted, numbers as digits and a power of ten.
pub(super) fn json(text: &str) -> Option<String> {
    let raw = serde_json::from_str(text).ok()?;
    let mut out = Vec::with_capacity(text.len());
    write(&mut out, raw).ok()?;
    String::from_utf8(out).ok()
}

fn write(out: &mut Vec<u8>, raw: &RawValue) -> serde_json::Result<()> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'{') => {
            let mut members = serde_json::from_str::<Members<'_>>(text)?.0;
            // Stable: the database may keep a name that comes twice.
            members.sort_by(|a, b| a.0.cmp(&b.0));
            out.push(b'{');
            for (name, value) in members {
                value::write_string(out, &name);
                out.push(b':');
                write(out, value)?;
                out.push(b',');
            }
            out.push(b'}');
        }
        Some(b'[') => {
            out.push(b'[');
            for item in serde_json::from_str::<Vec<&RawValue>>(text)? {
                write(out, item)?;
                out.push(b',');
            }
            out.push(b']');
        }
        Some(b'"') => value::write_string(out, &serde_json::from_str::<String>(text)?),
        Some(b'-' | b'0'..=b'9') => out.extend_from_slice(number(text).as_bytes()),
        _ => out.extend_from_slice(text.as_bytes()),
    }
    Ok(())
}

/// `-12.500e3` is `-125e2`, as is `-12500`.
fn number(text: &str) -> String {
    let (sign, size) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (mantissa, power) = size.split_once(['e', 'E']).unwrap_or((size, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_end_matches('0');
    let moved = (all.len() - digits.len()) as i128 - fraction.len() as i128;
    match power.parse::<i64>() {
        _ if digits.is_empty() => "0".to_owned(),
        Ok(power) => {
            let power = i128::from(power) + moved;
            format!("{sign}{}e{power}", digits.trim_start_matches('0'))
        }
        // No database that reads numbers takes such a power: then the text came back as it was.
        Err(_) => text.to_owned(),
    }
}

/// The members of an object in their order, a name that comes twice included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(Each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row_of(columns: &[(&str, Value)]) -> Vec<u8> {
        let cells: Vec<_> = columns
            .iter()
            .map(|(name, value)| (*name, Cell::Plain(value.clone())))
            .collect();
        row(&cells).unwrap()
    }

    #[test]
    fn r58_json_is_the_same_in_any_order_and_with_any_zeros() {
        let one = r#"{"b":{"old":1.50,"new":[1,"é",null]},"a":true, "c":1e3}"#;
        let other = r#"{"a": true, "b": {"new": [1.0, "\u00e9", null], "old": 1.5}, "c": 1000}"#;
        assert_eq!(json(one), json(other));
        assert_eq!(
            json(one).unwrap(),
            r#"{"a":true,"b":{"new":[1e0,"é",null,],"old":15e-1,},"c":1e3,}"#
        );
        for (one, other) in [
            ("[1,2]", "[2,1]"),
            ("1", "\"1\""),
            ("1", "-1"),
            ("0.1", "0.10000000000000001"),
            ("9007199254740993", "9007199254740992"),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
            (r#"{"a":null}"#, "{}"),
            ("true", "\"true\""),
        ] {
            assert_ne!(json(one).unwrap(), json(other).unwrap(), "{one} {other}");
        }
        for (text, wanted) in [
            ("0", "0"),
            ("-0.00e5", "0"),
            ("120", "12e1"),
            ("0.00120", "12e-4"),
            ("-1.5E+2", "-15e1"),
        ] {
            assert_eq!(json(text).unwrap(), wanted, "{text}");
        }
        assert_eq!(json("{"), None);
    }

    #[test]
    fn r58_a_column_that_came_later_and_is_null_changes_no_row() {
        let old = row_of(&[("id", 1_i64.into()), ("verb", "patch".into())]);
        let later = [
            ("reason", Value::String(None)),
            ("verb", "patch".into()),
            ("id", 1_i64.into()),
        ];
        assert_eq!(row_of(&later), old);
    }

    #[test]
    fn r58_no_two_rows_are_the_same_bytes() {
        let rows = [
            row_of(&[("a", "x".into()), ("b", "y".into())]),
            row_of(&[("a", "xb".into()), ("b", "y".into())]),
            row_of(&[("a", "x".into()), ("b", "by".into())]),
            row_of(&[("a", "y".into()), ("b", "x".into())]),
            row_of(&[("a", "".into()), ("b", "xy".into())]),
            row_of(&[("a", "x".into())]),
            row_of(&[("a", "x".into()), ("b", "".into())]),
            row_of(&[]),
        ];
        let mut different = rows.to_vec();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), rows.len());
    }
}
