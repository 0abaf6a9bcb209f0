//! The audit row of a write, in the write's own transaction. Secrets are never in it.

use sea_orm::{ConnectionTrait as _, DbBackend, Statement, Value};

use crate::error::Error;
use crate::model::{ModelMeta, Verb, value};
use crate::store::{Tx, failure, now};

use super::Context;

/// Writes the audit row of one changed record.
pub(super) async fn record(
    tx: &Tx,
    ctx: &Context,
    (model, verb): (&ModelMeta, Verb),
    before: Option<&[Value]>,
    after: Option<&[Value]>,
) -> Result<(), Error> {
    let key = after.or(before).unwrap_or_default();
    let key: Vec<Value> = model
        .key
        .iter()
        .filter_map(|&k| key.get(k).cloned())
        .collect();
    let mut record_id = model.key_text(&key);
    record_id.truncate(record_id.floor_char_boundary(255));
    let principal = &ctx.principal;
    let values = vec![
        now().into(),
        principal.user.as_ref().map(|u| u.id).into(),
        principal.name().into(),
        principal.token.as_ref().map(|t| t.id).into(),
        ctx.door.name().into(),
        ctx.address.map(|a| a.to_string()).into(),
        ctx.request_id.as_str().into(),
        verb.name().into(),
        model.slug.as_str().into(),
        record_id.into(),
        changes(model, before, after)?.into(),
    ];
    let backend = tx.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, insert(backend), values);
    tx.execute_raw(statement).await.map_err(failure::plain)?;
    Ok(())
}

/// Every write runs this statement: its text is not made anew each time, and the changes are bound
/// as the text that they were written as.
fn insert(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => {
            "INSERT INTO qd_audit (at, user_id, username, token_id, door, ip, request_id, verb, \
             model, record_id, changes) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CAST($11 AS text)::jsonb)"
        }
        _ => {
            "INSERT INTO qd_audit (at, user_id, username, token_id, door, ip, request_id, verb, \
             model, record_id, changes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        }
    }
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
