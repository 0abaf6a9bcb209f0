//! The audit row of a write, in the write's own transaction. Secrets are never in it.

use quarterdeck_entity::system::audit;
use sea_orm::{ActiveValue::Set, EntityTrait as _, Value};
use serde_json::Map;

use crate::error::Error;
use crate::model::{FieldId, ModelMeta, Verb, value};
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
    let row = audit::ActiveModel {
        at: Set(now()),
        user_id: Set(principal.user.as_ref().map(|u| u.id)),
        username: Set(Some(principal.name().to_owned())),
        token_id: Set(principal.token.as_ref().map(|t| t.id)),
        door: Set(ctx.door.name().to_owned()),
        ip: Set(ctx.address.map(|a| a.to_string())),
        request_id: Set(ctx.request_id.clone()),
        verb: Set(verb.name().to_owned()),
        model: Set(model.slug.clone()),
        record_id: Set(record_id),
        changes: Set(changes(model, before, after)),
        ..Default::default()
    };
    audit::Entity::insert(row)
        .exec_without_returning(tx)
        .await
        .map_err(failure::plain)?;
    Ok(())
}

/// `{"field":{"old":…,"new":…}}` for the fields that differ.
fn changes(
    model: &ModelMeta,
    before: Option<&[Value]>,
    after: Option<&[Value]>,
) -> serde_json::Value {
    let json = |id: FieldId, value: &Value| -> serde_json::Value {
        let mut out = Vec::new();
        value::write_field(&mut out, &model.fields[id].kind, value);
        // What was just written as JSON reads as JSON.
        serde_json::from_slice(&out).unwrap_or_default()
    };
    let mut all = Map::new();
    for (id, field) in model.fields.iter().enumerate().filter(|(_, f)| !f.secret) {
        let at = |row: Option<&[Value]>, id: FieldId| row.and_then(|r| r.get(id).cloned());
        let (old, new) = (at(before, id), at(after, id));
        if old == new {
            continue;
        }
        let mut change = Map::new();
        change.extend(old.map(|v| ("old".to_owned(), json(id, &v))));
        change.extend(new.map(|v| ("new".to_owned(), json(id, &v))));
        all.insert(field.name.clone(), change.into());
    }
    all.into()
}
