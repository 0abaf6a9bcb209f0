//! `create`, `replace`, `patch` and `delete`: validate, begin, load, before, store, after, commit.

use std::sync::Arc;

use sea_orm::Value;
use sea_orm::sea_query::ExprTrait as _;

use crate::acl::Scope;
use crate::error::Error;
use crate::hook::Write;
use crate::model::patch::{Changes, Purpose, validate};
use crate::model::{Input, ModelId, ModelMeta, Verb, value};
use crate::query::Filter;
use crate::query::sql::Compiler;
use crate::store::typed::Record as Stored;
use crate::store::{Tx, failure};

use super::finish::Finish;
use super::idempotency::Once;
use super::precondition::{self, IfMatch, Target};
use super::{Context, Engine, Written, audit, conflict};

/// How often a write that lost a race is tried in all.
const ATTEMPTS: u32 = 5;

/// A write as it is asked for.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) ctx: Context,
    pub(super) model: ModelId,
    pub(super) verb: Verb,
    key: Vec<Value>,
    condition: IfMatch,
    pub(super) changes: Changes,
    pub(super) scope: Arc<Scope>,
    once: Option<Once>,
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
        let request = self.request(ctx, (model, Verb::Create), None, body)?;
        self.run(request).await?.ok_or_else(Error::not_found)
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
        let once = Once::new(&ctx.principal, key, (meta, &body))?;
        let request = Request {
            once: Some(once),
            ..self.request(ctx, (model, Verb::Create), None, body)?
        };
        self.run(request).await?.ok_or_else(Error::not_found)
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
        self.scope(ctx, verb, model)?;
        let request = self.request(ctx, (model, verb), Some(target), body)?;
        self.run(request).await?.ok_or_else(Error::not_found)
    }

    /// Deletes a record.
    ///
    /// # Errors
    /// 401, 403, 404 for the caller; 409 when other records point at it; 412 and 428 as
    /// [`Self::update`].
    pub async fn delete(
        self: &Arc<Self>,
        ctx: &Context,
        model: ModelId,
        target: Target<'_>,
    ) -> Result<(), Error> {
        let scope = self.scope(ctx, Verb::Delete, model)?;
        let (key, condition) = self.target(model, Some(target))?;
        self.run(Request {
            ctx: ctx.clone(),
            model,
            verb: Verb::Delete,
            key,
            condition,
            changes: Changes::default(),
            scope,
            once: None,
        })
        .await?;
        Ok(())
    }

    fn request(
        &self,
        ctx: &Context,
        (model, verb): (ModelId, Verb),
        target: Option<Target<'_>>,
        body: Input,
    ) -> Result<Request, Error> {
        let scope = self.scope(ctx, verb, model)?;
        let (key, condition) = self.target(model, target)?;
        let purpose = match verb {
            Verb::Create => Purpose::Create,
            Verb::Replace => Purpose::Replace,
            Verb::Patch | Verb::List | Verb::Read | Verb::Delete => Purpose::Patch,
        };
        let changes = validate(self.registry.model(model), body, purpose, &*scope)?;
        Ok(Request {
            ctx: ctx.clone(),
            model,
            verb,
            key,
            condition,
            changes,
            scope,
            once: None,
        })
    }

    fn target(
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

    /// Runs a write to its end even if the caller goes away (D16), and again when it lost a race.
    async fn run(self: &Arc<Self>, request: Request) -> Result<Option<Written>, Error> {
        let engine = Arc::clone(self);
        Finish::new(async move {
            let running = request.once.as_ref().map(|once| engine.running.begin(once));
            let _under_way = running.transpose()?;
            let mut attempt = 1;
            loop {
                match engine.attempt(&request).await {
                    Err(e) if e.code == "busy" && attempt < ATTEMPTS => {
                        let pause = 5 * u64::from(attempt * attempt);
                        tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
                        attempt += 1;
                    }
                    other => break other,
                }
            }
        })
        .await
    }

    async fn attempt(&self, request: &Request) -> Result<Option<Written>, Error> {
        let meta = self.registry.model(request.model);
        let tx = self.db.begin().await?;
        if let Some(once) = &request.once
            && let Some(first) = once.answered(&tx).await?
        {
            tx.rollback().await.map_err(failure::plain)?;
            return Ok(Some(first));
        }
        let mut outcome = self.within(&tx, request).await;
        if let (Ok(Some(written)), Some(once)) = (&outcome, &request.once)
            && let Err(error) = once.keep(&tx, written).await
        {
            outcome = Err(error.into());
        }
        match outcome {
            Ok(written) => {
                tx.commit().await.map_err(failure::plain)?;
                self.hooks.committed(meta, request.verb);
                Ok(written)
            }
            Err(Step::Links { before, source }) => {
                // The transaction is over; only now can another connection look.
                let _ = tx.rollback().await;
                let model = (meta, &*request.scope);
                let error = self
                    .explain_links(model, &request.changes, before.as_deref())
                    .await;
                Err(error.because(source))
            }
            Err(Step::Failed(error)) => {
                let _ = tx.rollback().await;
                Err(error)
            }
        }
    }

    async fn within(&self, tx: &Tx, request: &Request) -> Result<Option<Written>, Step> {
        let Request {
            ctx,
            model,
            verb,
            scope,
            ..
        } = request;
        let meta = self.registry.model(*model);
        let store = &self.stores[model.0];
        let (before, loaded) = match verb {
            Verb::Create => (None, None),
            _ => {
                let Stored { values, row } = self.load(tx, request).await?;
                (Some(values), Some(row))
            }
        };
        if let (Some(before), IfMatch::OneOf(_)) = (&before, &request.condition) {
            let current = self.written(tx, request, before).await?;
            if !request.condition.allows(&current.etag) {
                let known = (&current, &request.condition);
                return Err(precondition::failed(tx, meta, known).await.into());
            }
        }
        let mut changes = request.changes.clone();
        if let Some(before) = &before {
            self.check_fields(tx, request, before).await?;
            changes.values.retain(|(f, v)| !same(&before[*f], v));
        }
        let write = Write {
            registry: &self.registry,
            model: meta,
            verb: *verb,
            principal: &ctx.principal,
            before: before.as_deref(),
            after: None,
        };
        for hook in self.hooks.of(meta) {
            hook.before(tx, &write, &mut changes).await?;
        }
        let of_model = (meta, &**scope);
        self.check_links(ctx, tx, of_model, &changes, before.as_deref())
            .await?;
        let unchanged = changes.values.is_empty() && changes.defaults.is_empty();
        let refused = |e: sea_orm::DbErr| Step::of(meta, scope, e, before.clone());
        let after = match (verb, loaded) {
            (Verb::Delete, Some(row)) => {
                store
                    .delete(tx, row)
                    .await
                    .map_err(|e| match failure::classify(&e) {
                        failure::Failure::ForeignKey => {
                            Step::Failed(conflict::referenced().because(e))
                        }
                        _ => refused(e),
                    })?;
                None
            }
            (_, Some(_)) if unchanged => {
                let values = before.unwrap_or_default();
                return Ok(Some(self.written(tx, request, &values).await?));
            }
            (_, Some(row)) => Some(store.update(tx, row, changes).await.map_err(refused)?),
            (_, None) => Some(store.insert(tx, changes).await.map_err(refused)?),
        };
        let values = after.as_deref();
        if let Some(values) = values {
            self.check_row(tx, request, values).await?;
        }
        let write = Write {
            after: values,
            ..write
        };
        for hook in self.hooks.of(meta) {
            hook.after(tx, &write).await?;
        }
        audit::record(tx, ctx, (meta, *verb), before.as_deref(), values).await?;
        match values {
            Some(values) => Ok(Some(self.written(tx, request, values).await?)),
            None => Ok(None),
        }
    }

    async fn load(&self, tx: &Tx, request: &Request) -> Result<Stored, Error> {
        let mut compiler = Compiler::new(&self.registry, self.db.backend());
        let root = compiler.root(request.model);
        let mut condition = compiler.by_key(&root, &request.key);
        if request.scope.rows != Filter::All {
            condition = condition.and(compiler.condition(&root, &request.scope.rows));
        }
        let found = self.stores[request.model.0].load(tx, condition).await;
        found
            .map_err(|e| conflict::of_load(self.db.backend(), e))?
            .ok_or_else(Error::not_found)
    }
}

/// Whether two values are the same to a reader.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    a == b || value::to_text(a) == value::to_text(b)
}

/// How an attempt ended without success.
enum Step {
    /// With this error.
    Failed(Error),
    /// The database refused a foreign key; which one is found out after the rollback.
    Links {
        before: Option<Vec<Value>>,
        source: sea_orm::DbErr,
    },
}

impl Step {
    fn of(
        meta: &ModelMeta,
        scope: &Scope,
        error: sea_orm::DbErr,
        before: Option<Vec<Value>>,
    ) -> Self {
        match failure::classify(&error) {
            failure::Failure::ForeignKey => Self::Links {
                before,
                source: error,
            },
            _ => Self::Failed(conflict::of_write(meta, scope, error)),
        }
    }
}

impl From<Error> for Step {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
