//! The trash of models that are registered with one: a delete moves a record there, with what goes
//! along; from there it is restored, or deleted for good.
//!
//! What is in the trash is outside everybody's rows ([`crate::acl::Scope::rows`]), so no list, read,
//! filter, relation, count or write reaches it unless it is asked to, here and in `read`.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use sea_orm::Value;
use sea_orm::sea_query::ExprTrait as _;

use crate::acl::{Access, Scope};
use crate::error::{Error, Fault};
use crate::model::patch::Changes;
use crate::model::{Input, ModelId, ModelMeta, OnDelete, Trash, Verb, value};
use crate::query::Filter;
use crate::query::sql::Compiler;
use crate::store::writes::{Record as Stored, Row};
use crate::store::{failure, now};

use super::change::Item;
use super::precondition::Target;
use super::work::{Job, Step, Work};
use super::{Context, Door, Engine, Written};

/// Most records of one model that are deleted for good at a time.
const PURGED: u64 = 1_000;

/// The parameters of a query string.
type Parameters<'p> = Cow<'p, [(String, String)]>;

/// Which records are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Shelf {
    /// Those outside the trash.
    #[default]
    Exclude,
    /// Those in it.
    Only,
    /// Both.
    Include,
}

impl Shelf {
    /// Takes the parameter `trash` out of a list's or a read's; on a model without a trash there is
    /// no such parameter.
    pub(super) fn of_parameters<'p>(
        meta: &ModelMeta,
        parameters: &'p [(String, String)],
    ) -> Result<(Self, Parameters<'p>), Error> {
        let given = parameters.iter().position(|(name, _)| name == "trash");
        let Some(at) = given.filter(|_| meta.trash.is_some()) else {
            return Ok((Self::default(), parameters.into()));
        };
        // A second one is unknown to what reads the rest.
        let mut rest = parameters.to_vec();
        let (_, text) = rest.remove(at);
        let fault = || Error::malformed(vec![Fault::parameter("trash", "choice", CHOICE)]);
        Ok((Self::named(&text).ok_or_else(fault)?, rest.into()))
    }

    /// Takes the member `trash` out of the body of a search.
    pub(super) fn of_body(meta: &ModelMeta, body: Input) -> Result<(Self, Input), Error> {
        let Input::Object(mut members) = body else {
            return Ok((Self::default(), body));
        };
        let given = members.iter().position(|(name, _)| name == "trash");
        let Some(at) = given.filter(|_| meta.trash.is_some()) else {
            return Ok((Self::default(), Input::Object(members)));
        };
        let shelf = match members.remove(at).1 {
            Input::String(text) => Self::named(&text),
            _ => None,
        };
        let fault = || Error::malformed(vec![Fault::field("trash", "choice", CHOICE)]);
        Ok((shelf.ok_or_else(fault)?, Input::Object(members)))
    }

    fn named(text: &str) -> Option<Self> {
        match text {
            "exclude" => Some(Self::Exclude),
            "only" => Some(Self::Only),
            "include" => Some(Self::Include),
            _ => None,
        }
    }

    /// Those of the scope's rows that are on this shelf. Who may delete a record may see it in the
    /// trash.
    pub(super) fn rows(
        self,
        access: &Access<'_>,
        meta: &ModelMeta,
        scope: &Scope,
    ) -> Result<Filter, Error> {
        if self == Self::Exclude {
            return Ok(scope.rows.clone());
        }
        let delete = access.scope(Verb::Delete, meta.id)?;
        let trashed = scope.trashed(meta).and(delete.ruled.clone());
        Ok(match self {
            Self::Only => trashed,
            Self::Exclude | Self::Include => scope.rows.clone().or(trashed),
        })
    }
}

const CHOICE: &str = "trash is one of exclude, only, include.";

impl Engine {
    /// Deletes a record for good that is in the trash.
    ///
    /// # Errors
    /// As [`Self::delete`]; 404 for a record that is not in the trash.
    pub async fn purge(
        self: &Arc<Self>,
        ctx: &Context,
        model: ModelId,
        target: Target<'_>,
    ) -> Result<Option<Written>, Error> {
        let item = Item {
            purge: true,
            ..self.deletion(ctx, model, Some(target))?
        };
        self.transact(ctx, None, Purge(item)).await
    }

    /// Takes a record out of the trash, and what went there with it.
    ///
    /// # Errors
    /// As [`Self::delete`]; 404 for a record that is not in the trash; 409 when another record has
    /// taken its place under a unique key.
    pub async fn restore(
        self: &Arc<Self>,
        ctx: &Context,
        model: ModelId,
        target: Target<'_>,
    ) -> Result<Written, Error> {
        let item = self.deletion(ctx, model, Some(target))?;
        let written = self.transact(ctx, None, Restore(item)).await?;
        written.ok_or_else(Error::not_found)
    }

    /// Deletes for good what has been in the trash for longer than its model says; how many records.
    ///
    /// # Errors
    /// What the database said.
    pub async fn purge_old(self: &Arc<Self>) -> Result<usize, Error> {
        let ctx = Context {
            door: Door::Job,
            ..Context::operator()
        };
        let mut purged = 0;
        for meta in self.registry.models() {
            let Some(days) = meta.trash.and_then(|trash| trash.days) else {
                continue;
            };
            let job = PurgeOld {
                model: meta.id,
                before: now() - TimeDelta::days(days.into()),
            };
            if let Some(done) = self.transact(&ctx, None, job).await? {
                purged += done.key.parse::<usize>().unwrap_or_default();
            }
        }
        Ok(purged)
    }

    /// Moves a record to the trash.
    pub(super) async fn discard(
        &self,
        work: &mut Work<'_>,
        (item, trash): (&Item, Trash),
        (before, row): (Vec<Value>, Row),
    ) -> Result<(), Step> {
        let meta = self.registry.model(item.model);
        let at = Value::from(now());
        self.before(work, item, Some(&before), Changes::default())
            .await?;
        let shown = self.as_before(work, meta, &before).await?;
        self.release(work, meta, (&before, Some(&at))).await?;
        let changes = Changes {
            values: vec![(trash.since, at)],
            defaults: Vec::new(),
        };
        let given = changes.clone();
        let stored = self.stores[item.model.0]
            .update(work.tx, row, changes)
            .await;
        let refused = |e| Step::of(meta, &item.scope, (&given, Some(&before)), e);
        let values = stored.map_err(refused)?;
        let verb = (meta, Verb::Delete, false);
        self.after(work, verb, (Some(&before), Some(&values)))
            .await?;
        self.tried(work, (meta, Verb::Delete), (&before, shown), None)
            .await
    }

    /// Takes the record of a deletion out of the trash instead.
    pub(super) async fn take_out(
        &self,
        work: &mut Work<'_>,
        item: &Item,
    ) -> Result<Vec<Value>, Step> {
        let meta = self.registry.model(item.model);
        let Some(trash) = meta.trash else {
            return Err(Error::not_found().into());
        };
        let rows = item.scope.trashed(meta);
        let loaded = self.locked(work.tx, item.model, (&item.key, &rows)).await?;
        let loaded = loaded.ok_or_else(Error::not_found)?;
        let demanded = (item.model, &item.condition);
        self.check_condition(work, demanded, &loaded.values).await?;
        self.bring_back(work, item, (meta, trash), loaded).await
    }

    /// Takes a record out of the trash, and after it what went there at the same moment because of it.
    async fn bring_back(
        &self,
        work: &mut Work<'_>,
        item: &Item,
        (meta, trash): (&ModelMeta, Trash),
        loaded: Stored,
    ) -> Result<Vec<Value>, Step> {
        let at = loaded.values[trash.since].clone();
        let own = Item {
            verb: Verb::Patch,
            changes: taken_out(meta, trash),
            ..item.of_key(item.key.clone())
        };
        let row = self.alter(work, &own, (loaded.values, loaded.row)).await?;
        let mut level = vec![(meta.id, vec![row.clone()])];
        while let Some((target, rows)) = level.pop() {
            for (child, relation) in self.registry.referrers(target) {
                let (OnDelete::Cascade, Some(trash)) = (relation.on_delete, child.trash) else {
                    continue;
                };
                let Some(condition) = self.pointing_at(child, relation, &rows) else {
                    continue;
                };
                let compiler = Compiler::new(&self.registry, self.db.backend());
                let root = compiler.root(child.id);
                let bound = compiler.bound(&child.fields[trash.since].kind, at.clone());
                let condition = condition.and(compiler.column(&root, trash.since).eq(bound));
                let store = &self.stores[child.id.0];
                let found = store
                    .load_all(work.tx, condition.clone(), PURGED * 10)
                    .await;
                let found = found.map_err(failure::plain)?;
                // Who may not delete what went along cannot bring it back either.
                let all = (condition, found.len() as u64);
                self.check_deletable(work, child, all).await?;
                let mut brought = Vec::new();
                for record in found {
                    let verb = (child.id, Verb::Patch);
                    let changes = taken_out(child, trash);
                    brought.extend(self.follow(work, verb, record, changes).await?);
                }
                if !brought.is_empty() {
                    level.push((child.id, brought));
                }
            }
        }
        Ok(row)
    }
}

fn taken_out(meta: &ModelMeta, trash: Trash) -> Changes {
    Changes {
        values: vec![(trash.since, value::null(&meta.fields[trash.since].kind))],
        defaults: Vec::new(),
    }
}

/// One record, for good.
struct Purge(Item);

#[async_trait]
impl Job for Purge {
    async fn run(&self, engine: &Engine, work: &mut Work<'_>) -> Result<Option<Written>, Step> {
        engine.perform(work, &self.0).await?;
        Ok(None)
    }
}

/// One record, back.
struct Restore(Item);

#[async_trait]
impl Job for Restore {
    async fn run(&self, engine: &Engine, work: &mut Work<'_>) -> Result<Option<Written>, Step> {
        let row = engine.take_out(work, &self.0).await?;
        let of = (work.ctx, self.0.model);
        Ok(Some(engine.written(work.tx, of, &row).await?))
    }
}

/// What has been in the trash since before a time.
struct PurgeOld {
    model: ModelId,
    before: chrono::DateTime<chrono::Utc>,
}

#[async_trait]
impl Job for PurgeOld {
    async fn run(&self, engine: &Engine, work: &mut Work<'_>) -> Result<Option<Written>, Step> {
        let meta = engine.registry.model(self.model);
        let Some(trash) = meta.trash else {
            return Ok(None);
        };
        let compiler = Compiler::new(&engine.registry, engine.db.backend());
        let root = compiler.root(self.model);
        let kind = &meta.fields[trash.since].kind;
        let bound = compiler.bound(kind, self.before.into());
        let condition = compiler.column(&root, trash.since).lt(bound);
        let store = &engine.stores[self.model.0];
        let found = store.load_all(work.tx, condition, PURGED).await;
        let item = Item {
            purge: true,
            ..engine.deletion(work.ctx, self.model, None)?
        };
        let mut purged = 0;
        for record in found.map_err(failure::plain)? {
            let one = item.of_key(meta.key_of(&record.values));
            let place = work.enter().await?;
            let outcome = engine.perform(work, &one).await;
            match work.leave(engine, place, outcome).await? {
                Ok(_) => purged += 1,
                Err(error) => {
                    let id = meta.key_text(&one.key);
                    tracing::warn!(model = meta.slug, id, %error, "kept in the trash");
                }
            }
        }
        Ok(Some(Written {
            key: purged.to_string(),
            ..Written::default()
        }))
    }
}
