//! The audit rows of one request's writes, which together are a change set: collected while it runs,
//! written in its own transaction, before the commit. Secrets are never in them.
//!
//! A set is known by the id of its first row, and that row alone does not name it. So the usual
//! request, which changes one record, writes one row and needs to know nothing of it.

mod insert;

use sea_orm::{ConnectionTrait as _, DbBackend, Value};

use crate::error::Error;
use crate::model::{ModelId, ModelMeta, Verb, value};
use crate::store::{Tx, failure};

use super::Context;

/// What a request has changed so far.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    rows: Vec<Row>,
    /// Whether other transactions of the request write into the same set.
    shared: bool,
    set: Option<i64>,
    /// The change set that what is noted now takes back.
    pub(super) undoes: Option<i64>,
    touched: Vec<(ModelId, Verb)>,
    written: usize,
}

#[derive(Debug)]
struct Row {
    model: ModelId,
    verb: Verb,
    record_id: String,
    undoes: Option<i64>,
    changes: String,
}

impl Ledger {
    /// Of a transaction that is one of several in a change set: the set, if one before has begun it.
    pub(super) fn of_part(set: Option<i64>) -> Self {
        Self {
            shared: true,
            set,
            ..Self::default()
        }
    }

    /// The set, once it is known to be one of several rows.
    pub(super) fn set(&self) -> Option<i64> {
        self.set
    }

    /// Notes the change of one record.
    pub(super) fn note(
        &mut self,
        (model, verb): (&ModelMeta, Verb),
        before: Option<&[Value]>,
        after: Option<&[Value]>,
    ) -> Result<(), Error> {
        let row = after.or(before).unwrap_or_default();
        let record_id = record_id(model, &model.key_of(row));
        self.rows.push(Row {
            model: model.id,
            verb,
            record_id,
            undoes: self.undoes,
            changes: changes(model, before, after)?,
        });
        Ok(())
    }

    /// How many rows wait to be written; [`Self::forget`] goes back to such a number.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Forgets what was noted after `len` rows were waiting: it was taken back.
    pub(super) fn forget(&mut self, len: usize) {
        self.rows.truncate(len);
    }

    /// What was changed how, each pair once; what was taken back is not among it.
    pub(super) fn touched(&self) -> Vec<(ModelId, Verb)> {
        let mut all = self.touched.clone();
        touch(&mut all, &self.rows);
        all
    }

    /// How many changes were noted in all.
    pub(super) fn noted(&self) -> usize {
        self.written + self.rows.len()
    }

    /// Writes the rows that wait. `more` says that others will follow.
    pub(super) async fn write(
        &mut self,
        tx: &Tx,
        ctx: &Context,
        models: &[ModelMeta],
        more: bool,
    ) -> Result<(), Error> {
        let rows = std::mem::take(&mut self.rows);
        self.written += rows.len();
        touch(&mut self.touched, &rows);
        let mut rest = rows.as_slice();
        if let ([first, others @ ..], None) = (rest, self.set)
            && (more || self.shared || !others.is_empty())
        {
            self.set = Some(set_of(tx, ctx, (first, models)).await?);
            rest = others;
        }
        while !rest.is_empty() {
            let backend = tx.get_database_backend();
            let (now, later) = rest.split_at(insert::size(backend, rest.len()));
            rest = later;
            let statement = insert::statement(backend, (ctx, self.set), (now, models));
            tx.hold(statement).await.map_err(failure::plain)?;
        }
        Ok(())
    }
}

/// Writes the first row of a set of several and gives its id, by which the set is known.
async fn set_of(tx: &Tx, ctx: &Context, (row, models): (&Row, &[ModelMeta])) -> Result<i64, Error> {
    let backend = tx.get_database_backend();
    let mut statement =
        insert::statement(backend, (ctx, None), (std::slice::from_ref(row), models));
    if backend == DbBackend::MySql {
        let done = tx.execute_raw(statement).await.map_err(failure::plain)?;
        return i64::try_from(done.last_insert_id()).map_err(Error::internal);
    }
    statement.sql.push_str(" RETURNING id");
    let found = tx.query_one_raw(statement).await.map_err(failure::plain)?;
    let found = found.ok_or_else(|| Error::internal("an audit row without an id"))?;
    found.try_get_by_index(0).map_err(failure::plain)
}

fn touch(all: &mut Vec<(ModelId, Verb)>, rows: &[Row]) {
    for row in rows {
        if !all.contains(&(row.model, row.verb)) {
            all.push((row.model, row.verb));
        }
    }
}

/// What the audit calls the record with this key: its address, as far as the column holds it.
pub(super) fn record_id(model: &ModelMeta, key: &[Value]) -> String {
    let mut text = model.key_text(key);
    text.truncate(text.floor_char_boundary(255));
    text
}

/// `{"field":{"old":…,"new":…}}` for the fields that differ.
fn changes(
    model: &ModelMeta,
    before: Option<&[Value]>,
    after: Option<&[Value]>,
) -> Result<String, Error> {
    let mut out = vec![b'{'];
    for (id, field) in model.fields.iter().enumerate().filter(|(_, f)| !f.secret) {
        let old = before.and_then(|row| row.get(id));
        let new = after.and_then(|row| row.get(id));
        if old == new {
            continue;
        }
        if out.len() > 1 {
            out.push(b',');
        }
        value::write_string(&mut out, &field.name);
        let mut before_it: &[u8] = b":{";
        for (name, value) in [("old", old), ("new", new)] {
            let Some(value) = value else { continue };
            out.extend_from_slice(before_it);
            before_it = b",";
            value::write_string(&mut out, name);
            out.push(b':');
            value::write_field(&mut out, &field.kind, value);
        }
        out.push(b'}');
    }
    out.push(b'}');
    String::from_utf8(out).map_err(Error::internal)
}
