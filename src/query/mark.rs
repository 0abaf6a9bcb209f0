//! What a row has in the keys of an order, from which the page after it goes on, and how a cursor
//! carries it. How it is compared with other rows is in `sql::order`.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use sea_orm::Value;
use serde::{Deserialize, Serialize};

use crate::model::{Kind, value};

/// What a row has in one key of an order.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A value of the field's kind, or null.
    Value(Value),
    /// What the cell of a SQLite file holds.
    Cell(Cell),
}

/// SQLite types its cells one by one, and orders them as what they are, whatever their column was
/// declared as: text that is not UTF-8, say, or a number that is not whole among whole ones. As a
/// value of the field's kind such a cell would be another one, elsewhere in the order, and the page
/// after it might be the same page again.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A whole number.
    Integer(i64),
    /// Another number.
    Real(f64),
    /// Text, which may not be UTF-8.
    Text(Vec<u8>),
    /// Bytes.
    Blob(Vec<u8>),
}

/// A mark as it is written into a cursor.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Sealed {
    Value(Option<String>),
    /// The type's letter, and the cell as a text.
    Cell(char, String),
}

impl From<Value> for Mark {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

impl Mark {
    /// Whether the row has nothing there.
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Value(v) if value::to_text(v).is_none())
    }

    pub(super) fn seal(&self) -> Sealed {
        match self {
            Self::Value(v) => Sealed::Value(value::to_text(v)),
            Self::Cell(Cell::Integer(n)) => Sealed::Cell('i', n.to_string()),
            Self::Cell(Cell::Real(n)) => Sealed::Cell('r', n.to_string()),
            Self::Cell(Cell::Text(bytes)) => match std::str::from_utf8(bytes) {
                Ok(text) => Sealed::Cell('s', text.to_owned()),
                Err(_) => Sealed::Cell('t', BASE64.encode(bytes)),
            },
            Self::Cell(Cell::Blob(bytes)) => Sealed::Cell('b', BASE64.encode(bytes)),
        }
    }

    pub(super) fn open(sealed: Sealed, kind: &Kind) -> Option<Self> {
        let cell = match sealed {
            Sealed::Value(None) => return Some(Self::Value(value::null(kind))),
            Sealed::Value(Some(text)) => {
                let value = value::from_text(&unbounded(kind), &text);
                return value.ok().map(Self::Value);
            }
            Sealed::Cell('i', text) => Cell::Integer(text.parse().ok()?),
            Sealed::Cell('r', text) => Cell::Real(text.parse().ok()?),
            Sealed::Cell('s', text) => Cell::Text(text.into_bytes()),
            Sealed::Cell('t', text) => Cell::Text(BASE64.decode(text).ok()?),
            Sealed::Cell('b', text) => Cell::Blob(BASE64.decode(text).ok()?),
            Sealed::Cell(..) => return None,
        };
        Some(Self::Cell(cell))
    }
}

/// A stored value may break a limit that was added after it was written.
fn unbounded(kind: &Kind) -> Kind {
    match kind {
        Kind::Text(_) | Kind::Enum { .. } => Kind::Text(None),
        Kind::Decimal(_) => Kind::Decimal(None),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_keeps_whatever_a_sqlite_cell_holds() {
        for cell in [
            Cell::Integer(i64::MIN),
            Cell::Real(f64::NEG_INFINITY),
            Cell::Real(0.1 + 0.2),
            Cell::Text("\0\u{2028}\"\\,\u{1f600}".into()),
            Cell::Text(vec![b'a', 0xff, b'b']),
            Cell::Blob(b"plain".into()),
            Cell::Blob(vec![0, 0xff]),
            Cell::Blob(Vec::new()),
        ] {
            let mark = Mark::Cell(cell);
            let json = serde_json::to_string(&mark.seal()).unwrap();
            let sealed = serde_json::from_str(&json).unwrap();
            assert_eq!(Mark::open(sealed, &Kind::Bool), Some(mark), "{json}");
        }
    }
}
