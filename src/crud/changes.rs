//! `_changes`: the change sets, newest first, and what is in each of them, from the audit.
//!
//! One's own are shown to everybody, all of them to who may list the audit. Of each the records are
//! told that the caller would be shown a history of (`history`): of a model without a row rule all,
//! of another those that the caller can read now.

mod sought;

use std::collections::{HashMap, HashSet};

use quarterdeck_entity::system::audit;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use serde_json::{Map, Value as Json, json};

use crate::acl::Scope;
use crate::error::Error;
use crate::model::{ModelMeta, Verb, value};
use crate::store::failure;

use super::{Context, Engine, history};

/// The verbs of writes: what else the audit tells is in no change set.
const WRITES: [&str; 4] = ["create", "replace", "patch", "delete"];
/// Records that the list of change sets names of each.
const NAMED: usize = 3;
/// Among how many of a change set's first rows the named records are looked for.
const LOOKED: i64 = 8;

/// A row of the audit without its values.
struct Part {
    id: i64,
    set: i64,
    verb: String,
    model: String,
    record: String,
}

impl Engine {
    /// A page of the change sets that the caller may see. `parameters` may hold `limit`, `cursor`,
    /// `user`, `model`, `door`, `request`, `since` and `until`.
    ///
    /// # Errors
    /// 401; 400 for other parameters.
    pub async fn changes(
        &self,
        ctx: &Context,
        parameters: &[(String, String)],
    ) -> Result<Json, Error> {
        use audit::Column::{ChangeSet, Id};
        let own = self.own_or_all(ctx)?;
        let (limit, cursor, sought) = sought::read(parameters, self.limits.max_limit)?;
        let mut entries = audit::Entity::find()
            .filter(ChangeSet.is_null())
            .filter(own)
            .filter(sought.condition())
            .order_by_desc(Id)
            .limit(limit + 1);
        if let Some(cursor) = cursor {
            entries = entries.filter(Id.lt(cursor));
        }
        let found = entries.all(self.db.reader()).await;
        let mut found = found.map_err(failure::plain)?;
        let more = found.len() as u64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = found.last().filter(|_| more).map(|e| e.id.to_string());
        let ids: Vec<i64> = found.iter().map(|e| e.id).collect();
        let undone = self.undone(&ids).await?;
        let mut contents = self.contents(ctx, &found, &ids).await?;
        let mut data = Vec::new();
        for entry in found {
            // What is all hidden from the caller is not there.
            let Some((total, records)) = contents.remove(&entry.id) else {
                continue;
            };
            let mut set = head(&entry, undone.get(&entry.id));
            set.insert("total".to_owned(), total.into());
            set.insert("records".to_owned(), records.into());
            data.push(Json::Object(set));
        }
        Ok(json!({ "data": data, "page": { "limit": limit, "next": next } }))
    }

    /// A change set with a page of what it changed, in the order of the changes. `parameters` may
    /// hold `limit` and `cursor`.
    ///
    /// # Errors
    /// 401; 404 for what is not the caller's to see; 400 for other parameters.
    pub async fn change_set(
        &self,
        ctx: &Context,
        id: i64,
        parameters: &[(String, String)],
    ) -> Result<Json, Error> {
        use audit::Column::{ChangeSet, Id};
        let own = self.own_or_all(ctx)?;
        let (limit, cursor) = history::page(parameters, self.limits.max_limit)?;
        let first = audit::Entity::find_by_id(id)
            .filter(ChangeSet.is_null())
            .filter(audit::Column::Verb.is_in(WRITES))
            .filter(own);
        let first = first.one(self.db.reader()).await.map_err(failure::plain)?;
        let first = first.ok_or_else(Error::not_found)?;
        let mut entries = audit::Entity::find()
            .filter(Condition::any().add(Id.eq(id)).add(ChangeSet.eq(id)))
            .order_by_asc(Id)
            .limit(limit + 1);
        if let Some(cursor) = cursor {
            entries = entries.filter(Id.gt(cursor));
        }
        let found = entries.all(self.db.reader()).await;
        let mut found = found.map_err(failure::plain)?;
        let more = found.len() as u64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = found.last().filter(|_| more).map(|e| e.id.to_string());
        let undone = self.undone(&[id]).await?;
        let mut set = head(&first, undone.get(&id));
        let mut data = Vec::new();
        for entry in found {
            if let Some((meta, scope)) = self.sees(ctx, &entry.model, &entry.record_id).await {
                let changes = history::values(meta, &scope, entry.changes);
                data.push(json!({
                    "model": meta.slug, "id": entry.record_id, "verb": entry.verb, "changes": changes,
                }));
            }
        }
        set.insert("data".to_owned(), data.into());
        set.insert("page".to_owned(), json!({ "limit": limit, "next": next }));
        Ok(Json::Object(set))
    }

    /// The rows of the audit that the caller may know of.
    fn own_or_all(&self, ctx: &Context) -> Result<Condition, Error> {
        if ctx.principal.is_anonymous() {
            return Err(Error::unauthenticated());
        }
        if self.sees_all_changes(ctx) {
            return Ok(Condition::all());
        }
        let user = ctx.principal.user.as_ref().map(|u| u.id);
        Ok(Condition::all().add(audit::Column::UserId.eq(user)))
    }

    /// The model of a changed record and the caller's scope, where the caller may know of it.
    async fn sees(
        &self,
        ctx: &Context,
        slug: &str,
        key: &str,
    ) -> Option<(&ModelMeta, std::sync::Arc<Scope>)> {
        let meta = self.registry.by_slug(slug)?;
        let scope = self.scope(ctx, Verb::Read, meta.id).ok()?;
        let there = scope.is_unruled() || self.read(ctx, meta.id, key, &[]).await.is_ok();
        there.then_some((meta, scope))
    }

    /// By which change set each of these was taken back, the first time.
    async fn undone(&self, ids: &[i64]) -> Result<HashMap<i64, i64>, Error> {
        use audit::Column::{Id, Undoes};
        let firsts: Vec<(i64, i64)> = audit::Entity::find()
            .select_only()
            .column(Undoes)
            .column_as(Id.min(), "first")
            .filter(Undoes.is_in(ids.to_vec()))
            .group_by(Undoes)
            .into_tuple()
            .all(self.db.reader())
            .await
            .map_err(failure::plain)?;
        let rows: Vec<(i64, Option<i64>)> = audit::Entity::find()
            .select_only()
            .column(Id)
            .column(audit::Column::ChangeSet)
            .filter(Id.is_in(firsts.iter().map(|(_, first)| *first)))
            .into_tuple()
            .all(self.db.reader())
            .await
            .map_err(failure::plain)?;
        let sets: HashMap<i64, i64> = rows
            .iter()
            .map(|(id, set)| (*id, set.unwrap_or(*id)))
            .collect();
        let by = |(undone, first)| (undone, sets.get(&first).copied().unwrap_or(first));
        Ok(firsts.into_iter().map(by).collect())
    }

    /// How many records each change set changed, and the first of them, as far as the caller may
    /// know.
    async fn contents(
        &self,
        ctx: &Context,
        firsts: &[audit::Model],
        ids: &[i64],
    ) -> Result<HashMap<i64, (i64, Vec<Json>)>, Error> {
        let mut parts: Vec<Part> = firsts.iter().map(Part::of).collect();
        parts.extend(self.further_parts(ids).await?);
        let unruled: HashSet<&str> = self.unruled(ctx);
        let mut contents: HashMap<i64, (i64, Vec<Json>)> = HashMap::new();
        for (set, model, count) in self.further(ids).await? {
            if unruled.contains(model.as_str()) {
                contents.entry(set).or_default().0 += count;
            }
        }
        parts.sort_by_key(|part| part.id);
        for part in parts {
            let of_rule = !unruled.contains(part.model.as_str());
            let named = contents
                .get(&part.set)
                .map_or(0, |(_, records)| records.len());
            let first = part.id == part.set;
            if named >= NAMED && !first {
                continue;
            }
            if of_rule && self.sees(ctx, &part.model, &part.record).await.is_none() {
                continue;
            }
            let (total, records) = contents.entry(part.set).or_default();
            // The others of an unruled model have been counted.
            *total += i64::from(of_rule || first);
            records.push(json!({ "model": part.model, "id": part.record, "verb": part.verb }));
        }
        Ok(contents)
    }

    /// The models of which the caller may read every record.
    fn unruled(&self, ctx: &Context) -> HashSet<&str> {
        let models = self.registry.models().iter();
        let open = models.filter(|meta| {
            let scope = self.scope(ctx, Verb::Read, meta.id);
            scope.is_ok_and(|scope| scope.is_unruled())
        });
        open.map(|meta| meta.slug.as_str()).collect()
    }

    /// How many rows of each model there are in these change sets beside their first ones.
    async fn further(&self, ids: &[i64]) -> Result<Vec<(i64, String, i64)>, Error> {
        use audit::Column::{ChangeSet, Id, Model};
        audit::Entity::find()
            .select_only()
            .column(ChangeSet)
            .column(Model)
            .column_as(Id.count(), "rows_of_it")
            .filter(ChangeSet.is_in(ids.to_vec()))
            .group_by(ChangeSet)
            .group_by(Model)
            .into_tuple()
            .all(self.db.reader())
            .await
            .map_err(failure::plain)
    }

    /// Some of the rows beside the first ones.
    async fn further_parts(&self, ids: &[i64]) -> Result<Vec<Part>, Error> {
        use audit::Column::{ChangeSet, Id, Model, RecordId, Verb};
        let near = Expr::col(Id).lte(Expr::col(ChangeSet).add(LOOKED));
        let rows: Vec<(i64, i64, String, String, String)> = audit::Entity::find()
            .select_only()
            .columns([Id, ChangeSet, Verb, Model, RecordId])
            .filter(ChangeSet.is_in(ids.to_vec()))
            .filter(near)
            .into_tuple()
            .all(self.db.reader())
            .await
            .map_err(failure::plain)?;
        let part = |(id, set, verb, model, record)| Part {
            id,
            set,
            verb,
            model,
            record,
        };
        Ok(rows.into_iter().map(part).collect())
    }
}

impl Part {
    /// The first row of a change set.
    fn of(entry: &audit::Model) -> Self {
        Self {
            id: entry.id,
            set: entry.id,
            verb: entry.verb.clone(),
            model: entry.model.clone(),
            record: entry.record_id.clone(),
        }
    }
}

fn head(entry: &audit::Model, undone_by: Option<&i64>) -> Map<String, Json> {
    let told = json!({
        "change_set": entry.id,
        "at": value::to_text(&entry.at.into()),
        "user": entry.username,
        "user_id": entry.user_id,
        "door": entry.door,
        "request_id": entry.request_id,
        "reason": entry.reason,
        "undoes": entry.undoes,
        "undone_by": undone_by,
    });
    match told {
        Json::Object(members) => members,
        _ => Map::new(),
    }
}
