//! `create`, `replace`, `patch` and `delete` of one record; with the child rows in its body, which
//! `nested` reads.

use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::Value;

use crate::error::Error;
use crate::model::patch::{Changes, Purpose, validate};
use crate::model::{Input, ModelId, Verb};

use super::change::Item;
use super::idempotency::Once;
use super::ledger::Ledger;
use super::precondition::{self, IfMatch, Target};
use super::trial::Trial;
use super::work::{Job, Step, Work, is_violation};
use super::{Context, Engine, Written};

/// One deletion; in a dry run its answer is what would have gone.
struct Single(Item);

#[async_trait]
impl Job for Single {
    async fn run(&self, engine: &Engine, work: &mut Work<'_>) -> Result<Option<Written>, Step> {
        let Some(row) = engine.perform(work, &self.0).await? else {
            return Ok(None);
        };
        let of = (work.ctx, self.0.model);
        Ok(Some(engine.written(work.tx, of, &row).await?))
    }
}

impl Engine {
    /// Creates a record.
    ///
    /// # Errors
    /// 401, 403, 404 for the caller; 422 with every fault; 409; 403 when the new row would be
    /// outside the caller's rows.
    pub async fn create(
        self: &Arc<Self>,
        ctx: &Context,
        model: ModelId,
        body: Input,
    ) -> Result<Written, Error> {
        self.write(ctx, (model, Verb::Create), None, (body, None))
            .await
    }

    /// Creates a record as [`Self::create`] does, but once: when the same request came before, the
    /// answer is the first one.
    ///
    /// # Errors
    /// As [`Self::create`]; 409 while the first request is under way, 422 when the key came with
    /// another one, 400 for what is no key.
    pub async fn create_once(
        self: &Arc<Self>,
        ctx: &Context,
        model: ModelId,
        (key, body): (&str, Input),
    ) -> Result<Written, Error> {
        self.scope(ctx, Verb::Create, model)?;
        let meta = self.registry.model(model);
        let reads = self.scope(ctx, Verb::Read, model).ok();
        let once = Once::new((&ctx.principal, reads.as_deref()), key, (meta, &body))?;
        self.write(ctx, (model, Verb::Create), None, (body, Some(once)))
            .await
    }

    /// Changes a record: `patch` the fields of the body, `replace` every writable one.
    ///
    /// # Errors
    /// As [`Self::create`]; 404 for a row that the caller may not see; 412 when the row is not as the
    /// caller demands, 428 when the model demands that it says so.
    pub async fn update(
        self: &Arc<Self>,
        ctx: &Context,
        (model, verb): (ModelId, Verb),
        target: Target<'_>,
        body: Input,
    ) -> Result<Written, Error> {
        self.write(ctx, (model, verb), Some(target), (body, None))
            .await
    }

    /// Deletes a record, and what goes with it. There is an answer to a dry run only.
    ///
    /// # Errors
    /// 401, 403, 404 for the caller; 409 when other records point at it; 412 and 428 as
    /// [`Self::update`].
    pub async fn delete(
        self: &Arc<Self>,
        ctx: &Context,
        model: ModelId,
        target: Target<'_>,
    ) -> Result<Option<Written>, Error> {
        let item = self.deletion(ctx, model, Some(target))?;
        self.transact(ctx, None, Single(item)).await
    }

    /// The change that deletes a record.
    pub(super) fn deletion(
        &self,
        ctx: &Context,
        model: ModelId,
        target: Option<Target<'_>>,
    ) -> Result<Item, Error> {
        let scope = self.scope(ctx, Verb::Delete, model)?;
        let (key, condition) = self.target(model, target)?;
        Ok(Item {
            model,
            verb: Verb::Delete,
            key,
            condition,
            changes: Changes::default(),
            scope,
            purge: false,
        })
    }

    async fn write(
        self: &Arc<Self>,
        ctx: &Context,
        of: (ModelId, Verb),
        target: Option<Target<'_>>,
        (body, once): (Input, Option<Once>),
    ) -> Result<Written, Error> {
        self.scope(ctx, of.1, of.0)?;
        match self.family(ctx, of, target, body) {
            Ok(family) => {
                let written = self.transact(ctx, once, family).await?;
                written.ok_or_else(Error::not_found)
            }
            Err(error) if ctx.dry_run && is_violation(&error) => {
                Trial::default().answer(self, &Ledger::default(), Err(error))
            }
            Err(error) => Err(error),
        }
    }

    /// The change that a body asks for.
    pub(super) fn item(
        &self,
        ctx: &Context,
        (model, verb): (ModelId, Verb),
        target: Option<Target<'_>>,
        body: Input,
    ) -> Result<Item, Error> {
        let purpose = match verb {
            Verb::Create => Purpose::Create,
            Verb::Replace => Purpose::Replace,
            Verb::Patch | Verb::List | Verb::Read | Verb::Delete => Purpose::Patch,
        };
        self.item_for(ctx, (model, verb, purpose), target, body)
    }

    /// The change that a body asks for, when the verb alone does not say what the body is for.
    pub(super) fn item_for(
        &self,
        ctx: &Context,
        (model, verb, purpose): (ModelId, Verb, Purpose),
        target: Option<Target<'_>>,
        body: Input,
    ) -> Result<Item, Error> {
        let scope = self.scope(ctx, verb, model)?;
        let (key, condition) = self.target(model, target)?;
        let changes = validate(self.registry.model(model), body, purpose, &*scope)?;
        Ok(Item {
            model,
            verb,
            key,
            condition,
            changes,
            scope,
            purge: false,
        })
    }

    pub(super) fn target(
        &self,
        model: ModelId,
        target: Option<Target<'_>>,
    ) -> Result<(Vec<Value>, IfMatch), Error> {
        let Some(Target { key, condition }) = target else {
            return Ok((Vec::new(), IfMatch::Unconditional));
        };
        let model = self.registry.model(model);
        let key = model.parse_key(key)?;
        if model.if_match && *condition == IfMatch::Unconditional {
            return Err(precondition::required());
        }
        Ok((key, condition.clone()))
    }
}
