//! How a decoded cell is written: the same for every driver.

use std::io::Write as _;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use uuid::Uuid;

use crate::model::value;

use super::csv;

/// How a cell is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// As JSON.
    Json,
    /// As the text that [`value::from_text`] reads.
    Text,
    /// As a cell of a CSV file: that text, marked where a spreadsheet would take it for a formula
    /// and quoted where it needs to be.
    Csv,
}

/// What [`Style::Text`] writes for null: no text from a database contains NUL.
pub(super) const NULL: &[u8] = b"\0";

impl Style {
    pub(super) fn null(self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self {
            Self::Json => b"null",
            Self::Text => NULL,
            // An empty text has quotes.
            Self::Csv => b"",
        });
    }

    pub(super) fn text(self, out: &mut Vec<u8>, text: &str) {
        match self {
            Self::Json => value::write_string(out, text),
            Self::Text => out.extend_from_slice(text.as_bytes()),
            Self::Csv => csv::write(out, text.as_bytes()),
        }
    }

    /// What needs no escaping in a JSON string.
    pub(super) fn quoted(self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        let quote: &[u8] = if self == Self::Json { b"\"" } else { b"" };
        out.extend_from_slice(quote);
        write(out);
        out.extend_from_slice(quote);
    }

    pub(super) fn uuid(self, out: &mut Vec<u8>, id: Uuid) {
        let mut buffer = Uuid::encode_buffer();
        self.text(out, id.hyphenated().encode_lower(&mut buffer));
    }

    pub(super) fn date(self, out: &mut Vec<u8>, date: NaiveDate) {
        self.quoted(out, |out| value::write_date(out, date));
    }

    pub(super) fn time(self, out: &mut Vec<u8>, time: NaiveTime) {
        self.quoted(out, |out| value::write_time(out, time));
    }

    pub(super) fn instant(self, out: &mut Vec<u8>, at: NaiveDateTime) {
        self.quoted(out, |out| value::write_instant(out, at));
    }

    pub(super) fn bytes(self, out: &mut Vec<u8>, bytes: &[u8]) {
        let start = out.len();
        self.quoted(out, |out| value::write_base64(out, bytes));
        // It may begin with a plus sign.
        if self == Self::Csv {
            csv::rewrite(out, start);
        }
    }

    pub(super) fn decimal(self, out: &mut Vec<u8>, n: rust_decimal::Decimal) {
        self.quoted(out, |out| {
            // Writing to memory cannot fail.
            let _ = write!(out, "{n}");
        });
    }
}

/// Whole numbers, of either sign.
pub(super) fn integer(out: &mut Vec<u8>, n: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
}

pub(super) fn double(out: &mut Vec<u8>, n: f64) {
    if n.is_finite() {
        out.extend_from_slice(ryu::Buffer::new().format_finite(n).as_bytes());
    } else {
        // JSON has no infinities and no NaN.
        out.extend_from_slice(b"null");
    }
}

pub(super) fn float(out: &mut Vec<u8>, n: f32) {
    if n.is_finite() {
        out.extend_from_slice(ryu::Buffer::new().format_finite(n).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}

pub(super) fn boolean(out: &mut Vec<u8>, truth: bool) {
    out.extend_from_slice(if truth { b"true" } else { b"false" });
}
