//! The first sheet of a workbook (xlsx), unpacked once into rows of cells.
//!
//! A workbook is a compressed archive of XML: what it unpacks to, and how many elements that has, is
//! counted before anything else reads it (R48, A62).

use std::error::Error as StdError;
use std::io::{Cursor, Read};

use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx, XlsxError};
use zip::ZipArchive;

use crate::error::{Error, Fault, Kind};

use super::rows::{Cell, Content, MAX_COLUMNS, Row};

/// Most bytes that a workbook unpacks to.
const UNPACKED: u64 = 128 * 1024 * 1024;
/// Most elements of the parts that are read whole, such as the table of texts.
const ELEMENTS: u64 = 8_000_000;

/// The rows of a sheet, one after the other: the number of the row, of its cells, then each cell.
#[derive(Debug, Default)]
pub(super) struct Sheet(Vec<u8>);

/// A workbook that cannot be read.
pub(super) fn unreadable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    let detail = "The body is not a workbook (xlsx) that can be read.";
    Error::malformed(vec![Fault::pointer(String::new(), "invalid_xlsx", detail)]).because(source)
}

/// 413 for more rows than `most`.
pub(super) fn too_many(most: usize) -> Error {
    let detail = format!("A file has at most {most} rows; import it in parts.");
    Error::new(Kind::TooLarge, "too_many_rows", detail)
}

/// Unpacks a workbook.
pub(super) fn read(bytes: Vec<u8>, most: usize) -> Result<Sheet, Error> {
    measure(&bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let names = book.sheet_names();
    let Some((first, others)) = names.split_first() else {
        return Err(unreadable("a workbook without a sheet"));
    };
    let sheet = unpack(&mut book, first, most)?;
    for name in others {
        if is_filled(&mut book, name)? {
            let detail = "The workbook has several sheets with cells; import each by itself.";
            let fault = Fault::pointer(String::new(), "sheets", detail);
            return Err(Error::invalid(vec![fault]));
        }
    }
    Ok(sheet)
}

/// Refuses what is larger than it looks.
fn measure(bytes: &[u8]) -> Result<(), Error> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
    let (mut size, mut elements) = (0_u64, 0_u64);
    let mut buffer = vec![0; 64 * 1024];
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(unreadable)?;
        let name = part.name().map_err(unreadable)?.to_ascii_lowercase();
        let by_row = name.starts_with("xl/worksheets/sheet");
        loop {
            let n = part.read(&mut buffer).map_err(unreadable)?;
            if n == 0 {
                break;
            }
            size += n as u64;
            if !by_row {
                elements += buffer[..n].iter().filter(|b| **b == b'<').count() as u64;
            }
            if size > UNPACKED || elements > ELEMENTS {
                let detail = format!("A workbook unpacks to at most {UNPACKED} bytes.");
                return Err(Error::new(Kind::TooLarge, "body_too_large", detail));
            }
        }
    }
    Ok(())
}

type Book = Xlsx<Cursor<Vec<u8>>>;

fn unpack(book: &mut Book, name: &str, most: usize) -> Result<Sheet, Error> {
    let mut cells = book.worksheet_cells_reader(name).map_err(unreadable)?;
    let mut sheet = Sheet::default();
    let mut rows = 0;
    let mut current: Option<(u32, Vec<Cell>)> = None;
    while let Some(cell) = cells.next_cell().map_err(unreadable)? {
        let ((row, column), value) = (cell.get_position(), read_cell(cell.get_value()));
        if value == Cell::Empty {
            continue;
        }
        if current.as_ref().is_none_or(|(at, _)| *at != row) {
            if current.as_ref().is_some_and(|(at, _)| *at > row) {
                return Err(unreadable("rows out of order"));
            }
            rows += 1;
            // The names are no row of theirs.
            if rows > most.saturating_add(1) {
                return Err(too_many(most));
            }
            if let Some(done) = current.replace((row, Vec::new())) {
                sheet.push(done);
            }
        }
        let column = column as usize;
        if column >= MAX_COLUMNS {
            let detail = format!("A sheet has at most {MAX_COLUMNS} columns.");
            let fault = Fault::pointer(String::new(), "too_many_cells", detail);
            return Err(Error::invalid(vec![fault]));
        }
        if let Some((_, cells)) = &mut current {
            if column < cells.len() {
                return Err(unreadable("cells out of order"));
            }
            cells.resize(column, Cell::Empty);
            cells.push(value);
        }
    }
    if let Some(done) = current {
        sheet.push(done);
    }
    Ok(sheet)
}

/// Whether any cell of a sheet holds something; a chart has none.
fn is_filled(book: &mut Book, name: &str) -> Result<bool, Error> {
    let mut cells = match book.worksheet_cells_reader(name) {
        Ok(cells) => cells,
        Err(XlsxError::NotAWorksheet(_) | XlsxError::WorksheetNotFound(_)) => return Ok(false),
        Err(error) => return Err(unreadable(error)),
    };
    while let Some(cell) = cells.next_cell().map_err(unreadable)? {
        if read_cell(cell.get_value()) != Cell::Empty {
            return Ok(true);
        }
    }
    Ok(false)
}

fn read_cell(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) => Cell::Text(text.clone()),
        DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
        DataRef::Int(n) => Cell::Number(n.to_string()),
        DataRef::Float(n) => Cell::Number(n.to_string()),
        DataRef::Bool(truth) => Cell::Truth(*truth),
        DataRef::DateTime(at) => moment(at).map_or(Cell::Fault, Cell::Moment),
        DataRef::DateTimeIso(text) => Cell::Moment(text.clone()),
        DataRef::DurationIso(_) | DataRef::Error(_) => Cell::Fault,
    }
}

/// A day count: a date, a date and time, or below one a time of day.
fn moment(at: &ExcelDateTime) -> Option<String> {
    let days = at.as_f64();
    let text = at.as_datetime()?;
    Some(if (0.0..1.0).contains(&days) {
        text.format("%H:%M:%S%.f").to_string()
    } else if days.fract() == 0.0 {
        text.format("%Y-%m-%d").to_string()
    } else {
        text.format("%Y-%m-%dT%H:%M:%S%.f").to_string()
    })
}

impl Sheet {
    fn push(&mut self, (row, cells): (u32, Vec<Cell>)) {
        let out = &mut self.0;
        out.extend_from_slice(&row.to_le_bytes());
        out.extend_from_slice(&(cells.len() as u64).to_le_bytes());
        for cell in cells {
            let (tag, text) = match cell {
                Cell::Empty => (0, String::new()),
                Cell::Text(text) => (1, text),
                Cell::Number(text) => (2, text),
                Cell::Truth(truth) => (3 + u8::from(truth), String::new()),
                Cell::Moment(text) => (5, text),
                Cell::Fault => (6, String::new()),
            };
            out.push(tag);
            out.extend_from_slice(&(text.len() as u64).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
    }

    pub(super) fn rows(&self) -> Rows<'_> {
        Rows {
            bytes: &self.0,
            at: 0,
        }
    }
}

/// The rows of a [`Sheet`].
#[derive(Debug)]
pub(super) struct Rows<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Rows<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let now = self.bytes.get(self.at..self.at.checked_add(n)?)?;
        self.at += n;
        Some(now)
    }

    fn number(&mut self) -> Option<usize> {
        let bytes = self.take(8)?.try_into().ok()?;
        usize::try_from(u64::from_le_bytes(bytes)).ok()
    }

    fn cell(&mut self) -> Option<Cell> {
        let tag = *self.take(1)?.first()?;
        let length = self.number()?;
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        Some(match tag {
            0 => Cell::Empty,
            1 => Cell::Text(text),
            2 => Cell::Number(text),
            3 | 4 => Cell::Truth(tag == 4),
            5 => Cell::Moment(text),
            _ => Cell::Fault,
        })
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let row = u32::from_le_bytes(self.take(4)?.try_into().ok()?);
        let count = self.number()?;
        let cells = (0..count).map_while(|_| self.cell()).collect();
        Some(Row {
            line: u64::from(row) + 1,
            content: Content::Cells(cells),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_kept_as_they_were() {
        let cells = vec![
            Cell::Empty,
            Cell::Text("ß".into()),
            Cell::Number("1.5".into()),
            Cell::Truth(true),
            Cell::Truth(false),
            Cell::Moment("2024-05-06".into()),
            Cell::Fault,
        ];
        let mut sheet = Sheet::default();
        sheet.push((4, cells.clone()));
        sheet.push((9, Vec::new()));
        let rows: Vec<Row> = sheet.rows().collect();
        assert_eq!((rows.len(), rows[0].line, rows[1].line), (2, 5, 10));
        assert!(matches!(&rows[0].content, Content::Cells(c) if *c == cells));
    }

    #[test]
    fn a62_what_is_no_workbook_is_refused() {
        assert_eq!(read(b"PK".to_vec(), 9).unwrap_err().kind, Kind::Malformed);
        assert_eq!(read(Vec::new(), 9).unwrap_err().kind, Kind::Malformed);
    }
}
