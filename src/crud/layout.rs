//! Which columns a SELECT has: the fields of the answer, and beside them what the operation itself
//! needs (the key, the sort values, the ends of relations).

use sea_orm::{QueryResult, Value};

use crate::error::Error;
use crate::model::{FieldId, ModelMeta, value};
use crate::query::{Filter, Mark, Projected};
use crate::store::row;

use super::embed::Embedded;

/// The columns of one SELECT over one model.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    pub(super) model: &'a ModelMeta,
    /// The columns, in the order selected.
    pub(super) columns: Vec<Projected>,
    /// How many of them, from the first, are fields of the answer.
    shown: usize,
}

impl<'a> Layout<'a> {
    /// A layout that shows `fields`.
    pub(super) fn new(model: &'a ModelMeta, fields: &[Projected]) -> Self {
        Self {
            model,
            columns: fields.to_vec(),
            shown: fields.len(),
        }
    }

    /// The index of a field's column as seen under `guard`, added if it is not there yet.
    pub(super) fn need(&mut self, field: FieldId, guard: Option<&Filter>) -> usize {
        let same = |p: &Projected| p.field == field && p.guard.as_ref() == guard;
        self.columns.iter().position(same).unwrap_or_else(|| {
            self.columns.push(Projected {
                field,
                guard: guard.cloned(),
            });
            self.columns.len() - 1
        })
    }

    /// The cell of a column as a value.
    pub(super) fn value(&self, row: &QueryResult, column: usize) -> Result<Value, Error> {
        let kind = &self.model.fields[self.columns[column].field].kind;
        row::value(row, column, kind)
    }

    /// The cell of a column as the mark of a page's end.
    pub(super) fn mark(&self, row: &QueryResult, column: usize) -> Result<Mark, Error> {
        let kind = &self.model.fields[self.columns[column].field].kind;
        row::mark(row, column, kind)
    }

    /// Appends the row as a JSON object, with the embedded records after its fields; the length of
    /// `out` where the fields ended.
    pub(super) fn write(
        &self,
        out: &mut Vec<u8>,
        row: &QueryResult,
        embedded: &[Embedded],
    ) -> Result<usize, Error> {
        out.push(b'{');
        for (i, column) in self.columns[..self.shown].iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            let field = &self.model.fields[column.field];
            value::write_string(out, &field.name);
            out.push(b':');
            row::write_json(out, row, i, &field.kind)?;
        }
        let fields = out.len();
        for (i, relation) in embedded.iter().enumerate() {
            if self.shown + i > 0 {
                out.push(b',');
            }
            value::write_string(out, &relation.name);
            out.push(b':');
            relation.write(out, self, row)?;
        }
        out.push(b'}');
        Ok(fields)
    }
}
