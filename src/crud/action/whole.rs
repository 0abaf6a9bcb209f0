//! An action is one transaction and one change set, whatever its function writes and how often: all of it
//! and the answer under its `Idempotency-Key` are there, or nothing is. So a process that dies in between
//! leaves nothing behind, not even the key.

use std::sync::Arc;

use parking_lot::Mutex;
use sea_orm::DbBackend;

use crate::crud::finish::Finish;
use crate::crud::idempotency::{Once, digest};
use crate::crud::work::{ATTEMPTS, pause};
use crate::crud::{Context, Engine, Written};
use crate::error::Error;
use crate::model::{Input, ModelId, ModelMeta, Verb};
use crate::store::{Db, failure};

use super::Action;

/// What the writes of an action have in common.
#[derive(Debug, Default)]
pub(in crate::crud) struct Common {
    /// What is committed with all of them, to be told then.
    pub(in crate::crud) touched: Vec<(ModelId, Verb)>,
    /// Their change set, once there is one.
    pub(in crate::crud) set: Option<i64>,
}

/// See [`Common`].
pub(in crate::crud) type Shared = Arc<Mutex<Common>>;

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

impl Engine {
    /// Runs an action as one transaction, and again when that lost a race.
    pub(super) async fn act_as_one(
        self: &Arc<Self>,
        ctx: &Context,
        once: Option<&Once>,
        (model, action, body): (ModelId, &Action, &Input),
    ) -> Result<Written, Error> {
        let running = once.map(|once| self.running.begin(once));
        let _under_way = running.transpose()?;
        let mut attempt = 1;
        loop {
            if let Some(once) = once
                && let Some(first) = self.answered(once).await?
            {
                return Ok(first);
            }
            let whole = self.db.whole();
            let shared = Shared::default();
            let engine = Arc::new(self.within(whole.db(), &shared));
            let (own, action, body) = (ctx.clone(), action.clone(), body.clone());
            // A panic is an error here, and takes back what was written as any other.
            let run = Finish::new(async move { engine.acted(&own, (model, action), body).await });
            let ended = match kept(whole.db(), once, run).await {
                Ok(written) => whole.commit().await.map(|()| written),
                Err(error) => Err(whole.rollback(error).await),
            };
            match ended {
                Ok(written) => {
                    self.committed(std::mem::take(&mut shared.lock().touched));
                    return Ok(written);
                }
                Err(error) if error.code == "busy" && attempt < ATTEMPTS => {
                    tokio::time::sleep(pause(attempt)).await;
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn answered(&self, once: &Once) -> Result<Option<Written>, Error> {
        let tx = self.db.begin().await?;
        let first = once.answered(&tx).await?;
        tx.commit().await.map_err(failure::plain)?;
        Ok(first)
    }

    /// The operations as parts of one transaction.
    fn within(&self, db: &Db, shared: &Shared) -> Self {
        Self {
            db: db.clone(),
            within: Some(Arc::clone(shared)),
            ..self.clone()
        }
    }
}

/// Runs an action and stores its answer, if it is to happen once. What it may do elsewhere, send a
/// letter say, is not to be done on two nodes at once: the key is taken first, and others wait for it
/// as for any row that is not committed yet. SQLite has one process, which knows what it is doing, and one
/// writer, which is not to be held by who does not write yet.
async fn kept(db: &Db, once: Option<&Once>, run: Finish<Written>) -> Result<Written, Error> {
    let Some(once) = once else {
        return run.await;
    };
    let taken = db.backend() != DbBackend::Sqlite;
    if taken {
        let tx = db.begin().await?;
        once.keep(&tx, &Written::default()).await?;
        tx.commit().await.map_err(failure::plain)?;
    }
    let written = run.await?;
    let tx = db.begin().await?;
    if taken {
        once.end(&tx, &written).await?;
    } else {
        once.keep(&tx, &written).await?;
    }
    tx.commit().await.map_err(failure::plain)?;
    Ok(written)
}
