//! Which bytes an audit row is: the same on every database, and different for different rows.
//!
//! Each column that is not null, in the order of the names: the name, then the value as text, each
//! with its length before it. So a column that a later version adds changes nothing of older rows.
//! JSON is written with sorted members and exact numbers: PostgreSQL gives it back in another order
//! and with other zeros than it came.

use std::io::Write as _;

use sea_orm::Value;
use serde_json::value::RawValue;

use crate::model::members::members;
use crate::model::value;

/// The bytes of a row, column by column in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Row {
    out: Vec<u8>,
}

impl Row {
    /// A column with a value as the driver gave it; null is none.
    pub(super) fn plain(&mut self, name: &str, value: &Value) {
        if let Some(text) = value::to_text(value) {
            self.text(name, &text);
        }
    }

    /// A column with a text.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        put(&mut self.out, name.as_bytes());
        put(&mut self.out, text.as_bytes());
    }

    /// A column with JSON; `None` when the text is none.
    pub(super) fn json(&mut self, name: &str, text: &str) -> Option<()> {
        put(&mut self.out, name.as_bytes());
        // How long it is, is known when it is there.
        let place = self.out.len();
        self.out.extend_from_slice(&[0; LENGTH]);
        let begin = self.out.len();
        write(&mut self.out, serde_json::from_str(text).ok()?).ok()?;
        let length = length(self.out.len() - begin);
        self.out.get_mut(place..begin)?.copy_from_slice(&length);
        Some(())
    }

    /// The bytes of all columns.
    pub(super) fn bytes(self) -> Vec<u8> {
        self.out
    }
}

/// Bytes of a length.
const LENGTH: usize = 8;

fn length(bytes: usize) -> [u8; LENGTH] {
    (bytes as u64).to_be_bytes()
}

/// Appends bytes with their length before them.
pub(super) fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&length(bytes.len()));
    out.extend_from_slice(bytes);
}

/// Appends JSON without spaces, members sorted, numbers as digits and a power of ten.
fn write(out: &mut Vec<u8>, raw: &RawValue) -> serde_json::Result<()> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'{') => {
            let mut members = members(text, usize::MAX)?;
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
        // Without an escape it is written in one way only.
        Some(b'"') if text.contains('\\') => {
            value::write_string(out, &serde_json::from_str::<String>(text)?);
        }
        Some(b'-' | b'0'..=b'9') => number(out, text),
        _ => out.extend_from_slice(text.as_bytes()),
    }
    Ok(())
}

/// `-12.500e3` is `-125e2`, as is `-12500`.
fn number(out: &mut Vec<u8>, text: &str) {
    let (sign, size) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (mantissa, power) = size.split_once(['e', 'E']).unwrap_or((size, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let end = fraction.trim_end_matches('0');
    let begin = match end {
        "" => whole.trim_end_matches('0'),
        _ => whole,
    };
    let zeros = whole.len() - begin.len() + fraction.len() - end.len();
    let moved = zeros as i128 - fraction.len() as i128;
    if begin.is_empty() && end.is_empty() {
        out.push(b'0');
        return;
    }
    let Ok(power) = power.parse::<i64>() else {
        // No database that reads numbers takes such a power: then the text came back as it was.
        out.extend_from_slice(text.as_bytes());
        return;
    };
    let power = i128::from(power) + moved;
    let begin = begin.trim_start_matches('0');
    let end = match begin {
        "" => end.trim_start_matches('0'),
        _ => end,
    };
    // Writing to memory cannot fail.
    let _ = write!(out, "{sign}{begin}{end}e{power}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row_of(columns: &[(&str, Value)]) -> Vec<u8> {
        let mut row = Row::default();
        for (name, value) in columns {
            row.plain(name, value);
        }
        row.bytes()
    }

    fn json(text: &str) -> Option<String> {
        let mut row = Row::default();
        row.json("", text)?;
        let bytes = row.bytes();
        let (lengths, json) = bytes.split_at(2 * LENGTH);
        assert_eq!(lengths[LENGTH..], length(json.len()));
        Some(String::from_utf8(json.to_vec()).unwrap())
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
            ("10.010", "1001e-2"),
            ("0.0", "0"),
            ("1e99999999999999999999", "1e99999999999999999999"),
            (r#""\u0041\/\n""#, r#""A/\n""#),
            (r#"{"\u0062":1,"a":"é"}"#, r#"{"a":"é","b":1e0,}"#),
        ] {
            assert_eq!(json(text).unwrap(), wanted, "{text}");
        }
        assert_eq!(json("{"), None);
    }

    #[test]
    fn r58_what_is_sealed_stays_what_it_is() {
        let mut row = Row::default();
        row.json("changes", r#"{"price": {"new": 10.50, "old": null}}"#);
        row.plain("id", &7_i64.into());
        row.plain("ip", &Value::String(None));
        row.text("verb", "patch");
        let text = r#"{"price":{"new":105e-1,"old":null,},}"#;
        let mut bytes = Vec::new();
        for part in ["changes", text, "id", "7", "verb", "patch"] {
            bytes.extend([0, 0, 0, 0, 0, 0, 0, part.len() as u8]);
            bytes.extend(part.bytes());
        }
        assert_eq!(row.bytes(), bytes);
    }

    #[test]
    fn r58_a_column_that_came_later_and_is_null_changes_no_row() {
        let old = row_of(&[("id", 1_i64.into()), ("verb", "patch".into())]);
        let later = [
            ("id", 1_i64.into()),
            ("reason", Value::String(None)),
            ("verb", "patch".into()),
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
