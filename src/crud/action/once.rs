//! An action with an `Idempotency-Key`. How often its function writes, and in which transactions, only
//! the function knows: so the key is taken in a transaction before it runs, and gets the answer in one
//! after it. Where the answer never came, because the process died, the key stays taken: that the action
//! may run twice is worse than that somebody has to look.

use std::sync::Arc;

use async_trait::async_trait;

use crate::crud::finish::Finish;
use crate::crud::idempotency::{Once, digest};
use crate::crud::work::{Job, Step, Work};
use crate::crud::{Context, Engine, Written};
use crate::error::Error;
use crate::model::{Input, ModelMeta};

impl Once {
    /// The request for an action on records of a model.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(super) fn of_action(
        ctx: &Context,
        key: &str,
        (model, name, body): (&ModelMeta, &str, &Input),
    ) -> Result<Self, Error> {
        let request = digest(format!("{} action {name} {body:?}", model.slug));
        Self::of_digest((&ctx.principal, None), key, request)
    }
}

/// Takes the key: what is kept is no answer yet.
struct Take;

#[async_trait]
impl Job for Take {
    async fn run(&self, _: &Engine, _: &mut Work<'_>) -> Result<Option<Written>, Step> {
        Ok(Some(Written::default()))
    }
}

/// Gives a key that is taken its answer; without one, gives it back.
struct End(Once, Option<Vec<u8>>);

#[async_trait]
impl Job for End {
    async fn run(&self, _: &Engine, work: &mut Work<'_>) -> Result<Option<Written>, Step> {
        let Self(once, answer) = self;
        once.end(work.tx, answer.as_deref()).await?;
        Ok(None)
    }
}

impl Engine {
    /// Runs an action that is to happen once, to its end even if the caller goes away.
    pub(super) async fn act_once(
        self: &Arc<Self>,
        ctx: &Context,
        once: Once,
        run: impl Future<Output = Result<Written, Error>> + Send + 'static,
    ) -> Result<Written, Error> {
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        Finish::new(async move {
            let taken = engine.transact(&ctx, Some(once.clone()), Take).await?;
            if let Some(first) = taken.filter(|taken| taken.again) {
                return Ok(first);
            }
            // A panic is an error here, and gives the key back as any other.
            let outcome = Finish::new(run).await;
            let answer = outcome.as_ref().ok().map(|written| written.body.clone());
            if let Err(error) = engine.transact(&ctx, None, End(once, answer)).await {
                // What was done is done: who asks again is told that nobody knows.
                tracing::error!(%error, "the end of an action could not be noted under its key");
            }
            outcome
        })
        .await
    }
}
