//! A look at a file before it is imported: its columns, and the first of its values.

use crate::error::Error;
use crate::model::Input;

use super::rows::{Cell, Content, Source};
use super::{File, Import, columns};

/// Rows that are looked at.
const LOOKED: usize = 3;
/// Rows of a file without a row of names in which columns are looked for.
const SEARCHED: usize = 100;

/// What is in a file.
#[derive(Debug)]
pub struct Peek {
    /// The columns in their order, each with the first values that it has.
    pub columns: Vec<(String, Vec<String>)>,
    /// How many rows there are.
    pub rows: usize,
}

impl Peek {
    /// Looks into a file.
    ///
    /// # Errors
    /// 400 for what is no such file, 413 for too many rows.
    pub async fn into(file: File) -> Result<Self, Error> {
        let source = Source::take(file.format, file.bytes, Import::MOST).await?;
        let rows = source.rows().count();
        let columns = match source.names() {
            Some(names) => of_cells(&source, columns::names(names)?),
            None => of_records(&source),
        };
        Ok(Self { columns, rows })
    }
}

fn of_cells(source: &Source, names: Vec<String>) -> Vec<(String, Vec<String>)> {
    let mut columns: Vec<(String, Vec<String>)> =
        names.into_iter().map(|name| (name, Vec::new())).collect();
    for row in source.rows().take(LOOKED) {
        if let Content::Cells(cells) = row.content {
            for (cell, (_, samples)) in cells.into_iter().zip(&mut columns) {
                samples.extend(shown(cell));
            }
        }
    }
    columns
}

fn shown(cell: Cell) -> Option<String> {
    match cell {
        Cell::Empty => None,
        Cell::Text(text) | Cell::Number(text) | Cell::Moment(text) => Some(text),
        Cell::Truth(truth) => Some(truth.to_string()),
        Cell::Fault => Some("#".to_owned()),
    }
}

fn of_records(source: &Source) -> Vec<(String, Vec<String>)> {
    let mut columns: Vec<(String, Vec<String>)> = Vec::new();
    for row in source.rows().take(SEARCHED) {
        let Content::Record(Input::Object(members)) = row.content else {
            continue;
        };
        for (name, value) in members {
            let at = columns.iter().position(|(known, _)| *known == name);
            let at = at.unwrap_or_else(|| {
                columns.push((name, Vec::new()));
                columns.len() - 1
            });
            let samples = &mut columns[at].1;
            if samples.len() < LOOKED {
                samples.extend(text(&value));
            }
        }
    }
    columns
}

fn text(value: &Input) -> Option<String> {
    match value {
        Input::Null => None,
        Input::Bool(truth) => Some(truth.to_string()),
        Input::Number(text) | Input::String(text) => Some(text.clone()),
        Input::Array(_) => Some("[…]".to_owned()),
        Input::Object(_) => Some("{…}".to_owned()),
    }
}
