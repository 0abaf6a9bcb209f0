//! The columns of a file as fields, and its rows as bodies.

use std::collections::BTreeMap;

use crate::acl::Scope;
use crate::error::{Error, Fault, escape_pointer};
use crate::model::patch::{self, Purpose};
use crate::model::{FieldId, Input, ModelMeta};
use crate::store::row::csv::unmarked;

use super::cells::{self, Said, Spelling};
use super::rows::{Cell, Content, Row, Source};

/// A field and its value.
type Given = (FieldId, sea_orm::Value);

/// Which column is which field.
#[derive(Debug)]
pub(super) struct Columns {
    /// The columns of a file that has a row of names, in their order.
    cells: Option<Vec<Column>>,
    map: Vec<(String, Option<String>)>,
    is_sheet: bool,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// `None` for one that is left out.
    field: Option<FieldId>,
}

/// A row, read.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) input: Input,
    /// How the values were spelt.
    pub(super) spelt: Vec<(FieldId, Spelling)>,
    /// What of it cannot be read, at the names of fields.
    pub(super) faults: Vec<Fault>,
}

impl Columns {
    /// Reads the names of a file. `needs` says whether every row is a new record.
    pub(super) fn read(
        source: &Source,
        map: Vec<(String, Option<String>)>,
        (meta, scope): (&ModelMeta, &Scope),
        (purpose, needs): (Purpose, bool),
    ) -> Result<Self, Error> {
        let mut faults = Vec::new();
        let cells = match source.names() {
            None => None,
            Some(row) => Some(names(row)?),
        };
        let cells = cells.map(|names| {
            let mut columns: Vec<Column> = Vec::with_capacity(names.len());
            for name in names {
                let to = wanted(&map, &name);
                let field = to
                    .map(|to| patch::admit(meta, to, purpose, scope))
                    .transpose();
                let twice = |c: &Column| {
                    c.name == name || c.field.is_some() && matches!(field, Ok(f) if f == c.field)
                };
                let fault = match &field {
                    Err(fault) => Some((
                        fault.code,
                        format!(
                            "{} Map the column to a field, or to nothing to leave it out.",
                            fault.detail
                        ),
                    )),
                    Ok(_) if columns.iter().any(twice) => Some((
                        "duplicate",
                        "Another column has this name, or its field.".to_owned(),
                    )),
                    Ok(_) => None,
                };
                if let Some((code, detail)) = fault {
                    let at = format!("/columns/{}", escape_pointer(&name));
                    let detail = format!("Line 1, column {name:?}: {detail}");
                    faults.push(Fault::pointer(at, code, detail));
                }
                let field = field.unwrap_or_default();
                columns.push(Column { name, field });
            }
            columns
        });
        if let Some(columns) = &cells {
            let has = |name: &str| columns.iter().any(|c| c.name == name);
            for (name, _) in map.iter().filter(|(name, _)| !has(name)) {
                let detail = format!("There is no column {name:?} in the file.");
                faults.push(Fault::parameter("map", "unknown_column", detail));
            }
            if needs && faults.is_empty() {
                faults.extend(missing(columns, (meta, scope), purpose));
            }
        }
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
        let is_sheet = matches!(source, Source::Sheet(_));
        Ok(Self {
            cells,
            map,
            is_sheet,
        })
    }

    /// A row as the body of a write.
    pub(super) fn body(&self, meta: &ModelMeta, row: Row) -> Result<Body, Fault> {
        let whole = |code, detail: String| Fault::pointer(String::new(), code, detail);
        match row.content {
            Content::Broken(code, detail) => Err(whole(code, detail)),
            Content::Cells(cells) => self.of_cells(meta, cells),
            Content::Record(Input::Object(members)) => Ok(self.of_members(meta, members)),
            Content::Record(_) => Err(whole("type", "A line must be a JSON object.".to_owned())),
        }
    }

    fn of_cells(&self, meta: &ModelMeta, mut all: Vec<Cell>) -> Result<Body, Fault> {
        let columns = self.cells.as_deref().unwrap_or_default();
        // A sheet has no cells at the end of a row that ends early.
        if self.is_sheet && all.len() < columns.len() {
            all.resize(columns.len(), Cell::Empty);
        }
        if all.len() != columns.len() {
            let detail = format!(
                "It has {} cells, the first line {}.",
                all.len(),
                columns.len()
            );
            return Err(Fault::pointer(String::new(), "cells", detail));
        }
        let mut members = Vec::with_capacity(all.len());
        let (mut spelt, mut faults) = (Vec::new(), Vec::new());
        for (column, cell) in columns.iter().zip(all) {
            let Some(id) = column.field else { continue };
            let field = &meta.fields[id];
            match cells::read(field, cell, self.is_sheet) {
                Said::Value(input, spelling) => {
                    members.push((field.name.clone(), input));
                    spelt.push((id, spelling));
                }
                Said::Nothing => {}
                Said::Fault(code, detail) => {
                    let detail = format!("{} {detail}.", field.name);
                    faults.push(Fault::field(&field.name, code, detail));
                }
            }
        }
        let input = Input::Object(members);
        Ok(Body {
            input,
            spelt,
            faults,
        })
    }

    fn of_members(&self, meta: &ModelMeta, all: Vec<(String, Input)>) -> Body {
        let (mut members, mut spelt): (Vec<(String, Input)>, _) = (Vec::new(), Vec::new());
        let mut faults = Vec::new();
        for (name, input) in all {
            let Some(to) = wanted(&self.map, &name) else {
                continue;
            };
            if members.iter().any(|(n, _)| n == to) {
                let detail = format!("{to} is there twice.");
                faults.push(Fault::field(to, "duplicate", detail));
                continue;
            }
            if let (Some(id), Input::String(text)) = (meta.field(to), &input) {
                spelt.push((id, Spelling::Text(text.clone())));
            }
            members.push((to.to_owned(), input));
        }
        let input = Input::Object(members);
        Body {
            input,
            spelt,
            faults,
        }
    }

    /// What the file calls a field.
    pub(super) fn name_of<'a>(&'a self, meta: &'a ModelMeta, field: &'a str) -> &'a str {
        let id = meta.field(field);
        let column = self
            .cells
            .iter()
            .flatten()
            .find(|c| c.field.is_some() && c.field == id);
        let mapped = self.map.iter().find(|(_, to)| to.as_deref() == Some(field));
        match (column, mapped) {
            (Some(column), _) => &column.name,
            (None, Some((name, _))) => name,
            (None, None) => field,
        }
    }

    /// The faults of a row at its place in the file, by number and by name.
    pub(super) fn located(
        &self,
        meta: &ModelMeta,
        (index, line): (usize, u64),
        error: &Error,
    ) -> Vec<Fault> {
        let at = format!("/rows/{index}");
        if error.faults.is_empty() {
            let detail = format!("Line {line}: {}", error.detail);
            return vec![Fault::pointer(at, error.code, detail)];
        }
        let located = error.faults.iter().map(|fault| {
            let said = &fault.detail;
            let detail = match fault.field_name() {
                Some(field) => {
                    let name = self.name_of(meta, &field);
                    format!("Line {line}, column {name:?}: {said}")
                }
                None => format!("Line {line}: {said}"),
            };
            Fault {
                detail,
                ..fault.within(&at)
            }
        });
        located.collect()
    }

    /// Counts the values that were spelt otherwise than they are written, by their column.
    pub(super) fn count(
        &self,
        meta: &ModelMeta,
        (spelt, values): (&[(FieldId, Spelling)], &[Given]),
        coerced: &mut BTreeMap<String, u64>,
    ) {
        for (id, spelling) in spelt {
            let field = &meta.fields[*id];
            let value = values.iter().find(|(f, _)| f == id).map(|(_, v)| v);
            if value.is_some_and(|v| cells::is_coerced(&field.kind, v, spelling)) {
                let name = self.name_of(meta, &field.name).to_owned();
                *coerced.entry(name).or_default() += 1;
            }
        }
    }
}

/// The field that a column stands for; `None` when it is left out.
fn wanted<'a>(map: &'a [(String, Option<String>)], name: &'a str) -> Option<&'a str> {
    match map.iter().find(|(column, _)| column == name) {
        Some((_, to)) => to.as_deref(),
        None => Some(name),
    }
}

/// The names of the columns.
pub(super) fn names(row: Option<Row>) -> Result<Vec<String>, Error> {
    let refused = |detail: String| {
        Error::malformed(vec![Fault::pointer(
            "/columns".to_owned(),
            "columns",
            detail,
        )])
    };
    let Some(row) = row else {
        return Err(refused(
            "The file is empty: its first line names the columns.".to_owned(),
        ));
    };
    let cells = match row.content {
        Content::Cells(cells) => cells,
        Content::Broken(_, detail) => return Err(refused(format!("Line {}: {detail}", row.line))),
        Content::Record(_) => Vec::new(),
    };
    let mut names = Vec::with_capacity(cells.len());
    for (cell, number) in cells.into_iter().zip(1..) {
        match cell {
            Cell::Text(text) if !text.is_empty() => names.push(unmarked(&text).to_owned()),
            _ => {
                return Err(refused(format!(
                    "Line {}: the column {number} has no name.",
                    row.line
                )));
            }
        }
    }
    Ok(names)
}

/// What every row would lack.
fn missing(
    columns: &[Column],
    (meta, scope): (&ModelMeta, &Scope),
    purpose: Purpose,
) -> Vec<Fault> {
    let nothing = patch::validate(meta, Input::Object(Vec::new()), purpose, scope);
    let mut faults = nothing.err().map(|e| e.faults).unwrap_or_default();
    faults.retain(|fault| {
        let id = fault.field_name().and_then(|name| meta.field(&name));
        id.is_none_or(|id| columns.iter().all(|c| c.field != Some(id)))
    });
    faults
        .iter()
        .map(|fault| fault.within("/columns"))
        .collect()
}
