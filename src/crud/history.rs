//! `_history`: what happened to a record, newest first, from the audit.
//!
//! Values are shown of fields that the caller may read on every row, and only to a caller whose rows
//! no rule narrows: what a record held while it was out of somebody's sight is not shown to them
//! because it has come into it.

use quarterdeck_entity::system::audit;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde_json::{Map, Value as Json, json};

use crate::acl::Scope;
use crate::error::{Error, Fault};
use crate::model::{ModelId, ModelMeta, Verb, value};
use crate::query::Sight;
use crate::store::failure;

use super::ledger::record_id;
use super::{Context, Engine};

/// Entries on a page, unless the request says otherwise.
const LIMIT: u64 = 25;

impl Engine {
    /// A page of a record's history. `parameters` may hold `limit` and `cursor`.
    ///
    /// # Errors
    /// 401, 403, 404 for the caller, as a read; 404 for a record that never was; 400 for other
    /// parameters.
    pub async fn history(
        &self,
        ctx: &Context,
        model: ModelId,
        key: &str,
        parameters: &[(String, String)],
    ) -> Result<Json, Error> {
        let scope = self.scope(ctx, Verb::Read, model)?;
        let meta = self.registry.model(model);
        let (limit, cursor) = page(parameters, self.limits.max_limit)?;
        let values = meta.parse_key(key)?;
        let key = meta.key_text(&values);
        let exists = self.read(ctx, model, &key, &[]).await.map(drop);
        // A record that is gone still has a history, for those whom no row of it was hidden from.
        if !scope.is_unruled() {
            exists?;
        } else if let Err(error) = exists
            && error.kind != crate::error::Kind::NotFound
        {
            return Err(error);
        }
        let mut entries = audit::Entity::find()
            .filter(audit::Column::Model.eq(&meta.slug))
            .filter(audit::Column::RecordId.eq(record_id(meta, &values)))
            .order_by_desc(audit::Column::Id)
            .limit(limit + 1);
        if let Some(cursor) = cursor {
            entries = entries.filter(audit::Column::Id.lt(cursor));
        }
        let mut found = entries
            .all(self.db.reader())
            .await
            .map_err(failure::plain)?;
        if found.is_empty() && cursor.is_none() {
            self.read(ctx, model, &key, &[]).await?;
        }
        let more = found.len() as u64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = found.last().filter(|_| more).map(|e| e.id.to_string());
        let data: Vec<Json> = found
            .into_iter()
            .map(|entry| shown(meta, &scope, entry))
            .collect();
        Ok(json!({ "data": data, "page": { "limit": limit, "next": next } }))
    }
}

pub(super) fn page(
    parameters: &[(String, String)],
    most: u64,
) -> Result<(u64, Option<i64>), Error> {
    let (mut limit, mut cursor) = (LIMIT, None);
    let mut faults = Vec::new();
    for (name, text) in parameters {
        let detail = match name.as_str() {
            "limit" => match text.parse() {
                Ok(n) if (1..=most).contains(&n) => {
                    limit = n;
                    continue;
                }
                _ => format!("limit is a number from 1 to {most} (max_limit)."),
            },
            "cursor" => match text.parse() {
                Ok(id) => {
                    cursor = Some(id);
                    continue;
                }
                Err(_) => "This is no cursor of this list.".to_owned(),
            },
            _ => format!("There is no parameter {name:?} here; allowed: limit, cursor."),
        };
        faults.push(Fault::parameter(name, "unknown_parameter", detail));
    }
    if faults.is_empty() {
        Ok((limit, cursor))
    } else {
        Err(Error::malformed(faults))
    }
}

/// Of the changes of an entry those that the caller may know, field by field.
pub(super) fn values(meta: &ModelMeta, scope: &Scope, told: Json) -> Map<String, Json> {
    let with_values = scope.is_unruled();
    let mut changes = Map::new();
    if let Json::Object(all) = told {
        for (name, change) in all {
            let open = meta
                .field(&name)
                .is_some_and(|f| scope.readable[f] == Sight::Always);
            if open {
                changes.insert(name, if with_values { change } else { json!({}) });
            }
        }
    }
    changes
}

fn shown(meta: &ModelMeta, scope: &Scope, entry: audit::Model) -> Json {
    let changes = values(meta, scope, entry.changes);
    let at = value::to_text(&entry.at.into());
    json!({
        "change_set": entry.change_set.unwrap_or(entry.id),
        "at": at,
        "user": entry.username,
        "door": entry.door,
        "verb": entry.verb,
        "request_id": entry.request_id,
        "reason": entry.reason,
        "undoes": entry.undoes,
        "changes": changes,
    })
}
