//! One change of one record inside a transaction: load, check, before, store, after, note. What a
//! change needs to know is in its [`Item`]; where it comes from, and what becomes of the
//! transaction, is others' affair.

use std::sync::Arc;

use sea_orm::Value;
use sea_orm::sea_query::ExprTrait as _;

use crate::acl::Scope;
use crate::error::Error;
use crate::hook::Write;
use crate::model::patch::Changes;
use crate::model::{ModelId, ModelMeta, Verb, value};
use crate::query::Filter;
use crate::query::sql::Compiler;
use crate::store::writes::{Record as Stored, Row};
use crate::store::{Tx, failure};

use super::precondition::IfMatch;
use super::work::{Step, Work};
use super::{Engine, conflict};

/// A change as it is asked for, already checked against the model and the caller's fields.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) model: ModelId,
    pub(super) verb: Verb,
    pub(super) key: Vec<Value>,
    pub(super) condition: IfMatch,
    pub(super) changes: Changes,
    pub(super) scope: Arc<Scope>,
    /// Whether a delete is of a record in the trash, and for good.
    pub(super) purge: bool,
}

impl Item {
    /// The same change of the record with this key.
    pub(super) fn of_key(&self, key: Vec<Value>) -> Self {
        Self {
            key,
            condition: self.condition.clone(),
            changes: self.changes.clone(),
            scope: Arc::clone(&self.scope),
            ..*self
        }
    }
}

impl Engine {
    /// Makes the change. The row as it then is; `None` after a delete.
    pub(super) async fn perform(
        &self,
        work: &mut Work<'_>,
        item: &Item,
    ) -> Result<Option<Vec<Value>>, Step> {
        if item.verb == Verb::Create {
            return self.insert(work, item).await.map(Some);
        }
        let Stored { values, row } = self.load(work.tx, item).await?;
        let of = (item.model, &item.condition);
        self.check_condition(work, of, &values).await?;
        match item.verb {
            Verb::Delete => {
                self.remove(work, item, (values, row)).await?;
                Ok(None)
            }
            _ => self.alter(work, item, (values, row)).await.map(Some),
        }
    }

    /// Whether the row is as its writer demands.
    pub(super) async fn check_condition(
        &self,
        work: &Work<'_>,
        (model, condition): (ModelId, &IfMatch),
        row: &[Value],
    ) -> Result<(), Error> {
        if let IfMatch::OneOf(_) = condition {
            let current = self.written(work.tx, (work.ctx, model), row).await?;
            if !condition.allows(&current.etag) {
                let of = (work.ctx, model);
                return Err(self.stale(work.tx, of, (&current, condition)).await);
            }
        }
        Ok(())
    }

    async fn insert(&self, work: &mut Work<'_>, item: &Item) -> Result<Vec<Value>, Step> {
        let meta = self.registry.model(item.model);
        let changes = self.before(work, item, None, item.changes.clone()).await?;
        let given = changes.clone();
        let stored = self.stores[item.model.0].insert(work.tx, changes).await;
        let values = stored.map_err(|e| Step::of(meta, &item.scope, (&given, None), e))?;
        self.inserted(work, item, &values).await?;
        Ok(values)
    }

    /// What comes after a row has been inserted.
    pub(super) async fn inserted(
        &self,
        work: &mut Work<'_>,
        item: &Item,
        values: &[Value],
    ) -> Result<(), Step> {
        let meta = self.registry.model(item.model);
        self.check_row(work.tx, item, values).await?;
        self.after(work, (meta, item.verb, false), (None, Some(values)))
            .await?;
        self.tried(work, (meta, item.verb), (values, None), Some(values))
            .await
    }

    /// Makes several creates of one model, with few statements.
    pub(super) async fn insert_many(
        &self,
        work: &mut Work<'_>,
        items: &[&Item],
    ) -> Result<Vec<Vec<Value>>, Step> {
        let Some(first) = items.first() else {
            return Ok(Vec::new());
        };
        let meta = self.registry.model(first.model);
        let mut all = Vec::with_capacity(items.len());
        for item in items {
            all.push(self.before(work, item, None, item.changes.clone()).await?);
        }
        let stored = self.stores[first.model.0].insert_many(work.tx, all).await;
        // Which of them it was is found out when they are tried one by one.
        let rows = stored.map_err(|e| Step::of(meta, &first.scope, (&first.changes, None), e))?;
        for (item, row) in items.iter().zip(&rows) {
            self.inserted(work, item, row).await?;
        }
        Ok(rows)
    }

    pub(super) async fn alter(
        &self,
        work: &mut Work<'_>,
        item: &Item,
        (before, row): (Vec<Value>, Row),
    ) -> Result<Vec<Value>, Step> {
        let meta = self.registry.model(item.model);
        let mut changes = item.changes.clone();
        self.check_fields(work.tx, item, &before).await?;
        changes.values.retain(|(f, v)| !same(&before[*f], v));
        let changes = self.before(work, item, Some(&before), changes).await?;
        if changes.values.is_empty() && changes.defaults.is_empty() {
            return Ok(before);
        }
        let shown = self.as_before(work, meta, &before).await?;
        let given = changes.clone();
        let stored = self.stores[item.model.0]
            .update(work.tx, row, changes)
            .await;
        let refused = |e| Step::of(meta, &item.scope, (&given, Some(&before)), e);
        let values = stored.map_err(refused)?;
        self.check_row(work.tx, item, &values).await?;
        let verb = (meta, item.verb, false);
        self.after(work, verb, (Some(&before), Some(&values)))
            .await?;
        self.tried(work, (meta, item.verb), (&before, shown), Some(&values))
            .await?;
        Ok(values)
    }

    async fn remove(
        &self,
        work: &mut Work<'_>,
        item: &Item,
        (before, row): (Vec<Value>, Row),
    ) -> Result<(), Step> {
        let meta = self.registry.model(item.model);
        if let (Some(trash), false) = (meta.trash, item.purge) {
            return self.discard(work, (item, trash), (before, row)).await;
        }
        self.before(work, item, Some(&before), Changes::default())
            .await?;
        let shown = self.as_before(work, meta, &before).await?;
        self.release(work, meta, (&before, None)).await?;
        let deleted = self.stores[item.model.0].delete(work.tx, row).await;
        deleted.map_err(|e| match failure::classify(&e) {
            failure::Failure::ForeignKey => Step::Failed(conflict::referenced().because(e)),
            _ => Step::of(meta, &item.scope, (&item.changes, Some(&before)), e),
        })?;
        let verb = (meta, item.verb, false);
        self.after(work, verb, (Some(&before), None)).await?;
        self.tried(work, (meta, item.verb), (&before, shown), None)
            .await
    }

    /// The hooks before a change, and whether what it points at may be seen.
    pub(super) async fn before(
        &self,
        work: &Work<'_>,
        item: &Item,
        before: Option<&[Value]>,
        mut changes: Changes,
    ) -> Result<Changes, Step> {
        let meta = self.registry.model(item.model);
        let write = Write {
            registry: &self.registry,
            model: meta,
            verb: item.verb,
            principal: &work.ctx.principal,
            before,
            after: None,
            cascade: false,
        };
        for hook in self.hooks.of(meta) {
            hook.before(work.tx, &write, &mut changes).await?;
        }
        let of = (meta, &*item.scope);
        self.check_links(work.ctx, work.tx, of, &changes, before)
            .await?;
        Ok(changes)
    }

    /// The hooks after a change, and its place in the ledger.
    pub(super) async fn after(
        &self,
        work: &mut Work<'_>,
        (meta, verb, cascade): (&ModelMeta, Verb, bool),
        (before, after): (Option<&[Value]>, Option<&[Value]>),
    ) -> Result<(), Step> {
        let write = Write {
            registry: &self.registry,
            model: meta,
            verb,
            principal: &work.ctx.principal,
            before,
            after,
            cascade,
        };
        for hook in self.hooks.of(meta) {
            hook.after(work.tx, &write).await?;
        }
        // What is moved to the trash is changed, to the audit; to the hooks it is deleted.
        let verb = match (verb, after) {
            (Verb::Delete, Some(_)) => Verb::Patch,
            (verb, _) => verb,
        };
        work.ledger.note((meta, verb), before, after)?;
        Ok(())
    }

    /// In a dry run, the row before its change as the caller may read it; afterwards a rule could
    /// not be asked about it any more.
    pub(super) async fn as_before(
        &self,
        work: &Work<'_>,
        meta: &ModelMeta,
        row: &[Value],
    ) -> Result<Option<Vec<u8>>, Error> {
        match work.trial {
            None => Ok(None),
            Some(_) => {
                let body = self.representation(work.tx, (work.ctx, meta.id), row);
                Ok(Some(body.await?))
            }
        }
    }

    /// In a dry run, notes the change for its answer. `before` is what [`Self::as_before`] gave.
    pub(super) async fn tried(
        &self,
        work: &mut Work<'_>,
        (meta, verb): (&ModelMeta, Verb),
        (row, before): (&[Value], Option<Vec<u8>>),
        after: Option<&[Value]>,
    ) -> Result<(), Step> {
        let Some(trial) = &mut work.trial else {
            return Ok(());
        };
        let after = match after {
            None => None,
            Some(row) => {
                let of = (work.ctx, meta.id);
                Some(self.representation(work.tx, of, row).await?)
            }
        };
        let key = meta.key_text(&meta.key_of(row));
        trial.change(
            (&meta.slug, verb),
            &key,
            before.as_deref(),
            after.as_deref(),
        );
        Ok(())
    }

    async fn load(&self, tx: &Tx, item: &Item) -> Result<Stored, Error> {
        let trashed;
        let rows = if item.purge {
            trashed = item.scope.trashed(self.registry.model(item.model));
            &trashed
        } else {
            &item.scope.rows
        };
        let found = self.locked(tx, item.model, (&item.key, rows)).await?;
        found.ok_or_else(Error::not_found)
    }

    /// The record with this key, if it is one of the rows; locked where the database can.
    pub(super) async fn locked(
        &self,
        tx: &Tx,
        model: ModelId,
        (key, rows): (&[Value], &Filter),
    ) -> Result<Option<Stored>, Error> {
        let mut compiler = Compiler::new(&self.registry, self.db.backend());
        let root = compiler.root(model);
        let mut condition = compiler.by_key(&root, key);
        if *rows != Filter::All {
            condition = condition.and(compiler.condition(&root, rows));
        }
        let found = self.stores[model.0].load(tx, condition).await;
        found.map_err(|e| conflict::of_load(self.db.backend(), e))
    }
}

/// Whether two values are the same to a reader.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    a == b || value::to_text(a) == value::to_text(b)
}
