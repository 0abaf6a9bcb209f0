//! The audit rows of one request's writes, which together are a change set: collected while it runs,
//! written in its own transaction, before the commit. Secrets are never in them.
//!
//! A set is known by the id of its first row, and that row alone does not name it. So the usual
//! request, which changes one record, writes one row and needs to know nothing of it.

use sea_orm::{ConnectionTrait as _, DbBackend, Statement, Value};

use crate::error::Error;
use crate::model::{ModelId, ModelMeta, Verb, value};
use crate::store::{Tx, failure, now};

use super::Context;

/// How many rows one statement writes: few sizes, so that each is prepared once.
const SIZES: [usize; 3] = [100, 10, 1];

/// The columns, in the order of the values.
const COLUMNS: [&str; 14] = [
    "at",
    "user_id",
    "username",
    "token_id",
    "door",
    "ip",
    "request_id",
    "verb",
    "model",
    "record_id",
    "change_set",
    "undoes",
    "reason",
    "changes",
];

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
            self.set = Some(self.first(tx, (ctx, models), first).await?);
            rest = others;
        }
        while !rest.is_empty() {
            let size = SIZES.into_iter().find(|&n| n <= rest.len()).unwrap_or(1);
            let (now, later) = rest.split_at(size);
            rest = later;
            let statement = self.statement(tx, (ctx, models), now);
            tx.hold(statement).await.map_err(failure::plain)?;
        }
        Ok(())
    }

    /// Writes the first row of a set of several and gives its id.
    async fn first(&self, tx: &Tx, of: (&Context, &[ModelMeta]), row: &Row) -> Result<i64, Error> {
        let mut statement = self.statement(tx, of, std::slice::from_ref(row));
        if statement.db_backend == DbBackend::MySql {
            let done = tx.execute_raw(statement).await.map_err(failure::plain)?;
            return i64::try_from(done.last_insert_id()).map_err(Error::internal);
        }
        statement.sql.push_str(" RETURNING id");
        let found = tx.query_one_raw(statement).await.map_err(failure::plain)?;
        let found = found.ok_or_else(|| Error::internal("an audit row without an id"))?;
        found.try_get_by_index(0).map_err(failure::plain)
    }

    fn statement(
        &self,
        tx: &Tx,
        (ctx, models): (&Context, &[ModelMeta]),
        rows: &[Row],
    ) -> Statement {
        let principal = &ctx.principal;
        let at = now();
        let mut values = Vec::with_capacity(rows.len() * COLUMNS.len());
        for row in rows {
            values.extend([
                at.into(),
                principal.user.as_ref().map(|u| u.id).into(),
                principal.name().into(),
                principal.token.as_ref().map(|t| t.id).into(),
                ctx.door.name().into(),
                ctx.address.map(|a| a.to_string()).into(),
                ctx.request_id.as_str().into(),
                row.verb.name().into(),
                models[row.model.0].slug.as_str().into(),
                row.record_id.as_str().into(),
                self.set.into(),
                row.undoes.into(),
                ctx.reason.as_deref().into(),
                row.changes.as_str().into(),
            ]);
        }
        let backend = tx.get_database_backend();
        Statement::from_sql_and_values(backend, insert(backend, rows.len()), values)
    }
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

/// The changes are bound as the text that they were written as.
fn insert(backend: DbBackend, rows: usize) -> String {
    let mut sql = format!("INSERT INTO qd_audit ({}) VALUES ", COLUMNS.join(", "));
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=COLUMNS.len() {
            match (backend, column == COLUMNS.len()) {
                (DbBackend::Postgres, false) => {
                    sql.push_str(&format!("${}, ", row * COLUMNS.len() + column));
                }
                (DbBackend::Postgres, true) => {
                    let last = row * COLUMNS.len() + column;
                    sql.push_str(&format!("CAST(${last} AS text)::jsonb)"));
                }
                (_, false) => sql.push_str("?, "),
                (_, true) => sql.push_str("?)"),
            }
        }
    }
    sql
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
