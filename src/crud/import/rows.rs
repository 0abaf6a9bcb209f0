//! A file as rows, one at a time, whatever its format.

use crate::error::Error;
use crate::model::Input;
use crate::query::parse::Format;

use super::csv;
use super::sheet::{self, Sheet};

/// Most columns of a file.
pub(super) const MAX_COLUMNS: usize = 1_000;

/// A row of a file.
#[derive(Debug)]
pub(super) struct Row {
    /// The number of its line, or of its row in the sheet, from 1.
    pub(super) line: u64,
    pub(super) content: Content,
}

/// What a row holds.
#[derive(Debug)]
pub(super) enum Content {
    /// Cells, in the order of the columns.
    Cells(Vec<Cell>),
    /// A JSON value.
    Record(Input),
    /// Nothing that can be read: a code, and why.
    Broken(&'static str, String),
}

/// A cell of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// Nothing.
    Empty,
    /// Text.
    Text(String),
    /// A number of a sheet, by its shortest digits.
    Number(String),
    /// A truth value of a sheet.
    Truth(bool),
    /// A date or a time of a sheet, as RFC 3339 without a zone.
    Moment(String),
    /// What the sheet itself calls an error.
    Fault,
}

/// A file that can be gone through again and again.
#[derive(Debug)]
pub(super) enum Source {
    Csv(Vec<u8>),
    Lines(Vec<u8>),
    Sheet(Sheet),
}

impl Source {
    /// Takes a file. A workbook is unpacked, by a thread that may take its time.
    pub(super) async fn take(format: Format, bytes: Vec<u8>, most: usize) -> Result<Self, Error> {
        match format {
            Format::Csv => Ok(Self::Csv(bytes)),
            Format::Ndjson => Ok(Self::Lines(bytes)),
            Format::Xlsx => {
                let read = tokio::task::spawn_blocking(move || sheet::read(bytes, most));
                // What the reader falls over is no workbook.
                let sheet = read.await.unwrap_or_else(|e| Err(sheet::unreadable(e)));
                sheet.map(Self::Sheet)
            }
        }
    }

    /// The row of names, where the format has one.
    pub(super) fn names(&self) -> Option<Option<Row>> {
        match self {
            Self::Lines(_) => None,
            Self::Csv(bytes) => Some(csv::Reader::new(bytes).next()),
            Self::Sheet(sheet) => Some(sheet.rows().next()),
        }
    }

    /// The rows from a place on.
    pub(super) fn rows_from(&self, from: Position) -> Rows<'_> {
        let mut rows = self.rows();
        match &mut rows {
            Rows::Csv(rows, _) => rows.go(from),
            Rows::Lines(lines) => (lines.at, lines.line) = (from.at, from.line),
            Rows::Sheet(rows) => rows.at = from.at,
        }
        rows
    }

    /// The rows after the names.
    pub(super) fn rows(&self) -> Rows<'_> {
        match self {
            Self::Lines(bytes) => Rows::Lines(Lines {
                bytes,
                at: 0,
                line: 0,
            }),
            Self::Csv(bytes) => {
                let mut rows = csv::Reader::new(bytes);
                let width = match rows.next().map(|row| row.content) {
                    Some(Content::Cells(names)) => names.len(),
                    _ => 0,
                };
                Rows::Csv(rows, width)
            }
            Self::Sheet(sheet) => {
                let mut rows = sheet.rows();
                rows.next();
                Rows::Sheet(rows)
            }
        }
    }
}

/// A place between two rows of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    pub(super) at: usize,
    pub(super) line: u64,
}

/// The rows of a file.
#[derive(Debug)]
pub(super) enum Rows<'a> {
    Csv(csv::Reader<'a>, usize),
    Lines(Lines<'a>),
    Sheet(sheet::Rows<'a>),
}

impl Rows<'_> {
    /// The place before the next row.
    pub(super) fn position(&self) -> Position {
        match self {
            Self::Csv(rows, _) => rows.position(),
            Self::Lines(lines) => Position {
                at: lines.at,
                line: lines.line,
            },
            Self::Sheet(rows) => Position {
                at: rows.at,
                line: 0,
            },
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        match self {
            Self::Lines(lines) => lines.next(),
            Self::Sheet(rows) => rows.next(),
            Self::Csv(rows, width) => rows.find(|row| {
                // An empty line; of one column it is a null.
                let blank = matches!(&row.content, Content::Cells(c) if c[..] == [Cell::Empty]);
                !blank || *width == 1
            }),
        }
    }
}

/// The lines of an NDJSON file, blank ones aside.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Iterator for Lines<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        while self.at < self.bytes.len() {
            let rest = &self.bytes[self.at..];
            let end = rest.iter().position(|b| *b == b'\n');
            let line = &rest[..end.unwrap_or(rest.len())];
            self.at += line.len() + 1;
            self.line += 1;
            if line.trim_ascii().is_empty() {
                continue;
            }
            let content = match Input::parse(line) {
                Ok(record) => Content::Record(record),
                Err(error) => {
                    let code = error.faults.first().map_or("invalid_json", |f| f.code);
                    Content::Broken(code, error.detail.replace("body", "line"))
                }
            };
            let line = self.line;
            return Some(Row { line, content });
        }
        None
    }
}
