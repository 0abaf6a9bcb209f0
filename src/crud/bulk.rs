//! `_bulk`: many changes of one model in one transaction, by a list of operations or by a filter.
//!
//! Here: what is done and answered. How a body is read is in `parse`, how one of many is tried
//! without harm to the others in `part`, what is told of them in `report`.

mod matching;
mod parse;
pub(super) mod part;
mod report;

use std::sync::Arc;

use async_trait::async_trait;

use crate::error::Error;
use crate::model::{Input, ModelId, Verb};

use self::matching::Matching;
use self::parse::Body;
use self::part::{Part, Prepared};
use self::report::Report;
use super::idempotency::Once;
use super::operation::Of;
use super::work::{Job, Step, Work};
use super::{Context, Engine, Written};

/// How many operations are tried at once before they are tried one by one.
pub(super) const CHUNK: usize = 500;

/// How many audit rows are kept back at most.
pub(super) const WAITING: usize = 1_000;

/// See [`Engine::MOST`].
pub(super) const MOST: usize = 10_000;

impl Engine {
    /// Most operations of one request, and most records of one filter or selection.
    pub const MOST: usize = MOST;

    /// Changes many records of a model, see `docs/api.md`. `key` is an `Idempotency-Key`.
    ///
    /// # Errors
    /// 401, 403, 404 for the caller; 400 for a body that is no list of operations; of an atomic
    /// list, every fault of every operation in one problem; 409 when a filter matches more records
    /// than it may.
    pub async fn bulk(
        self: &Arc<Self>,
        ctx: &Context,
        model: ModelId,
        (key, body): (Option<&str>, Input),
    ) -> Result<Written, Error> {
        self.may_change(ctx, model)?;
        let meta = self.registry.model(model);
        let once = key.map(|key| Once::new((&ctx.principal, None), key, (meta, &body)));
        let once = once.transpose()?;
        let of = |atomic| Of {
            kind: "bulk",
            model: Some(meta.slug.clone()),
            atomic,
            rights: None,
        };
        match self.understood(ctx, model, body)? {
            Order::List(list) => {
                let rows = list.parts.len();
                // Of a list too, each by itself, nothing is written before all of it is.
                self.recorded(ctx, (of(true), rows), |engine, ctx| async move {
                    let written = engine.transact(&ctx, once, list).await?;
                    written.ok_or_else(Error::not_found)
                })
                .await
            }
            Order::Matching(most, matching) => {
                self.recorded(ctx, (of(true), most), |engine, ctx| async move {
                    let written = engine.transact(&ctx, once, matching).await?;
                    written.ok_or_else(Error::not_found)
                })
                .await
            }
        }
    }

    /// Says what is wrong with a body as [`Self::bulk`] would, and does nothing.
    pub(super) fn check_bulk(
        &self,
        ctx: &Context,
        model: ModelId,
        body: Input,
    ) -> Result<(), Error> {
        self.understood(ctx, model, body).map(drop)
    }

    fn understood(&self, ctx: &Context, model: ModelId, body: Input) -> Result<Order, Error> {
        match parse::body(body)? {
            Body::List { atomic, operations } => {
                let parts: Vec<Part> = operations
                    .into_iter()
                    .map(|operation| self.prepare(ctx, model, operation))
                    .collect::<Result<_, _>>()?;
                Ok(Order::List(List { atomic, parts }))
            }
            Body::Matching(matching) => {
                let most = matching.max_affected;
                let matching = Matching::prepare(self, ctx, model, matching)?;
                Ok(Order::Matching(most, matching))
            }
        }
    }

    /// Whether the caller may change anything of the model at all; what of it, each operation says.
    ///
    /// # Errors
    /// 401, 403, 404 when it may not.
    pub fn may_change(&self, ctx: &Context, model: ModelId) -> Result<(), Error> {
        let verbs = [Verb::Create, Verb::Replace, Verb::Patch, Verb::Delete];
        match verbs.into_iter().find(|&v| self.may(ctx, v, model)) {
            Some(_) => Ok(()),
            None => self.scope(ctx, Verb::Patch, model).map(drop),
        }
    }
}

/// A body that is understood.
enum Order {
    List(List),
    /// At most so many records.
    Matching(usize, Matching),
}

/// A list of operations.
struct List {
    atomic: bool,
    parts: Vec<Part>,
}

#[async_trait]
impl Job for List {
    async fn run(&self, engine: &Engine, work: &mut Work<'_>) -> Result<Option<Written>, Step> {
        let mut report = Report::new(self.atomic);
        // What is refused before any statement runs is all that an atomic list comes to.
        if self.atomic && self.parts.iter().any(Part::is_refused) {
            for (index, part) in self.parts.iter().enumerate() {
                if let Prepared::Refused(error) = &part.prepared {
                    report.failed(work, (index, part), error);
                }
            }
            return report.end().map_err(Step::Failed);
        }
        let mut first = 0;
        for parts in self.parts.chunks(CHUNK) {
            self.chunk(engine, work, (first, parts), &mut report)
                .await?;
            first += parts.len();
            work.reached(first)?;
            if work.trial.is_none() && work.ledger.len() >= WAITING {
                let models = engine.registry.models();
                work.ledger.write(work.tx, work.ctx, models, true).await?;
            }
        }
        report.end().map_err(Step::Failed)
    }
}

impl List {
    /// Tries the operations together; if any fails, one by one, so that each failure is known and
    /// the others stand.
    async fn chunk(
        &self,
        engine: &Engine,
        work: &mut Work<'_>,
        (first, parts): (usize, &[Part]),
        report: &mut Report,
    ) -> Result<(), Step> {
        if !parts.iter().any(Part::is_refused) {
            match work.attempt(engine, part::All(parts)).await? {
                Ok(done) => {
                    for (part, done) in parts.iter().zip(done) {
                        report.done(part, done.key);
                    }
                    return Ok(());
                }
                Err(error) if parts.len() == 1 => {
                    report.failed(work, (first, &parts[0]), &error);
                    return Ok(());
                }
                Err(_) => {}
            }
        }
        for (offset, part) in parts.iter().enumerate() {
            let one = std::slice::from_ref(part);
            match work.attempt(engine, part::All(one)).await? {
                Ok(done) => report.done(part, done.into_iter().next().and_then(|d| d.key)),
                Err(error) => report.failed(work, (first + offset, part), &error),
            }
        }
        Ok(())
    }
}
