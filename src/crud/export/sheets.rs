//! Rows as a workbook. Its end says where everything in it is, so it is written to a temporary file
//! first, by a thread of its own, row by row; then that is sent.
//!
//! A whole number or a decimal that a spreadsheet's floating point number holds exactly is a number,
//! any other its digits as text; dates and times are the texts that the API gives. A text is a text:
//! no cell is a formula, whatever it begins with (A73).

use std::any::Any;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::sync::Arc;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use sea_orm::QueryResult;
use tokio::sync::mpsc;
use tokio::task::JoinError;

use crate::crud::Progress;
use crate::error::Error;
use crate::model::Kind;
use crate::store::row;
use crate::store::stream::Sink;

use super::{Column, Columns, Export, PIECE, Piece};

/// Rows of a sheet, its header among them.
const SHEET: u32 = 1_048_576;
/// Significant digits that a double keeps.
const DIGITS: usize = 15;

/// Some rows, cell by cell: where each ends in the bytes, and whether it is there at all.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    ends: Vec<Option<usize>>,
}

/// The rows on their way to the writing thread.
struct Rows {
    columns: Columns,
    batch: Batch,
    writer: mpsc::Sender<Batch>,
    sender: mpsc::Sender<Piece>,
    progress: Option<Arc<Progress>>,
}

impl Sink for Rows {
    fn row(&mut self, row: &QueryResult) -> Result<bool, Error> {
        let Batch { bytes, ends } = &mut self.batch;
        for (i, column) in self.columns.0.iter().enumerate() {
            let filled = row::write_text(bytes, row, i, &column.kind)?;
            ends.push(filled.then_some(bytes.len()));
        }
        if let Some(progress) = &self.progress {
            progress.one_more();
        }
        Ok(bytes.len() >= PIECE || ends.len() >= PIECE / 8)
    }

    async fn flush(&mut self) -> bool {
        let full = std::mem::take(&mut self.batch);
        self.writer.send(full).await.is_ok()
    }

    async fn gone(&self) {
        self.sender.closed().await;
    }
}

/// Writes the whole workbook, then sends it; `false` when nobody wants it any more.
pub(super) async fn write(export: &Export, sender: &mpsc::Sender<Piece>) -> Result<bool, Error> {
    let (writer, batches) = mpsc::channel(1);
    let (name, columns) = (export.name.clone(), export.columns.clone());
    let thread = tokio::task::spawn_blocking(move || Book::new(&name, columns)?.write(batches));
    let mut rows = Rows {
        columns: export.columns.clone(),
        batch: Batch::default(),
        writer,
        sender: sender.clone(),
        progress: export.progress.clone(),
    };
    let whole = export.db.stream(&export.select, &mut rows).await?;
    let whole = whole && rows.flush().await;
    drop(rows);
    // When the thread gave up, its reason is worth more than that nobody took the rows.
    let panicked = |e: JoinError| e.try_into_panic().map_or_else(Error::internal, panicked);
    let file = thread.await.map_err(panicked)??;
    if !whole || sender.is_closed() {
        return Ok(false);
    }
    let sender = sender.clone();
    let sent = tokio::task::spawn_blocking(move || send(file, &sender));
    sent.await
        .map_err(Error::internal)?
        .map_err(Error::internal)
}

fn send(mut file: File, sender: &mpsc::Sender<Piece>) -> std::io::Result<bool> {
    file.seek(SeekFrom::Start(0))?;
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        let most = u64::try_from(PIECE).unwrap_or(u64::MAX);
        if (&mut file).take(most).read_to_end(&mut piece)? == 0 {
            return Ok(true);
        }
        if sender.blocking_send(Piece::Bytes(piece)).is_err() {
            return Ok(false);
        }
    }
}

/// The workbook that is being written.
struct Book {
    name: String,
    columns: Columns,
    /// How the numbers of each column show.
    formats: Vec<Option<Format>>,
    book: Workbook,
    sheets: usize,
    /// The row of the last sheet that is written next.
    next: u32,
}

impl Book {
    fn new(name: &str, columns: Columns) -> Result<Self, Error> {
        let format = |kind: &Kind| match kind {
            Kind::Decimal(Some((_, scale @ 1..))) => {
                let places = "0".repeat(*scale as usize);
                Some(Format::new().set_num_format(format!("0.{places}")))
            }
            _ => None,
        };
        let mut book = Workbook::new();
        // The same rows are the same bytes.
        let created = ExcelDateTime::from_ymd(2000, 1, 1).map_err(Error::internal)?;
        book.set_properties(&DocProperties::new().set_creation_datetime(&created));
        let mut new = Self {
            name: name.to_owned(),
            formats: columns.0.iter().map(|c| format(&c.kind)).collect(),
            columns,
            book,
            sheets: 0,
            next: SHEET,
        };
        new.sheet()?;
        Ok(new)
    }

    fn write(mut self, mut batches: mpsc::Receiver<Batch>) -> Result<File, Error> {
        while let Some(batch) = batches.blocking_recv() {
            self.batch(&batch)?;
        }
        let file = tempfile::tempfile().map_err(no_room)?;
        let writable = file.try_clone().map_err(no_room)?;
        self.book.save_to_writer(writable).map_err(failed)?;
        Ok(file)
    }

    /// Begins the next sheet, with a header of its own. Names have at most 31 characters.
    fn sheet(&mut self) -> Result<(), Error> {
        self.sheets += 1;
        let end = match self.sheets {
            1 => String::new(),
            n => format!(" {n}"),
        };
        let own: String = self.name.chars().take(31 - end.len()).collect();
        let sheet = self
            .book
            .add_worksheet_with_constant_memory()
            .map_err(failed)?;
        sheet.set_name(format!("{own}{end}")).map_err(failed)?;
        for (number, column) in (0_u16..).zip(&self.columns.0) {
            sheet
                .write_string(0, number, &column.name)
                .map_err(failed)?;
        }
        self.next = 1;
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> Result<(), Error> {
        let width = self.columns.0.len();
        if width == 0 {
            return Ok(());
        }
        let mut start = 0;
        for row in batch.ends.chunks(width) {
            if self.next == SHEET {
                self.sheet()?;
            }
            let sheet = self
                .book
                .worksheet_from_index(self.sheets - 1)
                .map_err(failed)?;
            for (i, end) in row.iter().enumerate() {
                let Some(end) = end else { continue };
                let text = std::str::from_utf8(&batch.bytes[start..*end]);
                let text = text.map_err(Error::internal)?;
                let number = u16::try_from(i).map_err(Error::internal)?;
                let column = (&self.columns.0[i], self.formats[i].as_ref());
                cell(sheet, (self.next, number), column, text).map_err(failed)?;
                start = *end;
            }
            self.next += 1;
        }
        Ok(())
    }
}

fn cell(
    sheet: &mut Worksheet,
    (row, number): (u32, u16),
    (column, format): (&Column, Option<&Format>),
    text: &str,
) -> Result<(), XlsxError> {
    let value = match column.kind {
        Kind::Int(_) | Kind::Decimal(_) => text.parse::<f64>().ok().filter(|_| is_exact(text)),
        Kind::Float | Kind::Double => text.parse::<f64>().ok(),
        _ => None,
    };
    match (&column.kind, value, format) {
        (Kind::Bool, ..) => sheet.write_boolean(row, number, text == "true")?,
        (_, Some(value), Some(format)) => {
            sheet.write_number_with_format(row, number, value, format)?
        }
        (_, Some(value), None) => sheet.write_number(row, number, value)?,
        (Kind::Text(_) | Kind::Bytes(_), ..) if needs_mark(column, text) => {
            sheet.write_string(row, number, format!("'{text}"))?
        }
        (_, None, _) => sheet.write_string(row, number, text)?,
    };
    Ok(())
}

/// Where there is no null, an empty cell is an empty text.
fn needs_mark(column: &Column, text: &str) -> bool {
    let plain = text.is_empty() && !column.nullable && matches!(column.kind, Kind::Text(_));
    row::sheet::is_marked(text) && !plain
}

/// Whether a double keeps every digit.
fn is_exact(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() <= DIGITS
}

fn failed(error: XlsxError) -> Error {
    match error {
        XlsxError::MaxStringLengthExceeded => {
            let detail = "A text is longer than the 32,767 characters that a cell of xlsx can \
                          have; export csv or ndjson.";
            Error::parameter("format", "too_long", detail)
        }
        XlsxError::RowColumnLimitError => {
            let detail = "A sheet of xlsx has no room for so many columns; export csv or ndjson.";
            Error::parameter("format", "too_wide", detail)
        }
        XlsxError::IoError(error) => no_room(error),
        other => Error::internal(other),
    }
}

/// The library writes its temporary files as if that could not fail; what the system has against it is
/// in the panic.
fn panicked(panic: Box<dyn Any + Send>) -> Error {
    let text = match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(_) => "an export panicked".to_owned(),
    };
    match text.contains("Os {") {
        true => no_room(text),
        false => Error::internal(text),
    }
}

fn no_room(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let detail = "There is no room for the file now; try again later.";
    Error::unavailable("no_room", detail, 30).because(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_exact_with_fifteen_digits() {
        assert!(is_exact("-123456789012.345") && is_exact("0.10"));
        assert!(!is_exact("1234567890123.456") && !is_exact("9007199254740993"));
    }

    #[test]
    fn a_sheet_that_is_full_is_followed_by_another() {
        let columns = Columns(vec![Column {
            name: "id".into(),
            kind: Kind::Text(None),
            nullable: false,
        }]);
        let mut book = Book::new("a_name_of_more_than_thirty_one_characters", columns).unwrap();
        book.next = SHEET - 1;
        let batch = Batch {
            bytes: b"ab".to_vec(),
            ends: vec![Some(1), Some(2)],
        };
        book.batch(&batch).unwrap();
        assert_eq!((book.sheets, book.next), (2, 2));
        let names: Vec<String> = book.book.worksheets().iter().map(Worksheet::name).collect();
        assert_eq!(
            names,
            [
                "a_name_of_more_than_thirty_one_",
                "a_name_of_more_than_thirty_on 2"
            ]
        );
    }
}
