//! One transaction of writes: begun, run, recorded, and committed or taken back; tried again when it
//! lost a race. Every write of every door goes through [`Engine::transact`], so a dry run is nothing
//! that a door or an operation could forget: the same work, and then no commit.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::{DbErr, Value};

use crate::acl::Scope;
use crate::error::{Error, Kind};
use crate::model::patch::Changes;
use crate::model::{ModelId, ModelMeta, Verb};
use crate::store::{Tx, failure};

use super::finish::Finish;
use super::idempotency::Once;
use super::ledger::Ledger;
use super::trial::{Mark, Trial};
use super::{Context, Engine, Written, conflict, idempotency};

/// How often a transaction that lost a race is tried in all.
pub(super) const ATTEMPTS: u32 = 5;

/// How long to wait after that many attempts.
pub(super) fn pause(attempt: u32) -> Duration {
    Duration::from_millis(5 * u64::from(attempt * attempt))
}

/// A transaction under way.
pub(super) struct Work<'a> {
    pub(super) tx: &'a Tx,
    pub(super) ctx: &'a Context,
    pub(super) ledger: Ledger,
    /// What is noted for the answer of a dry run, when this is one.
    pub(super) trial: Option<Trial>,
}

/// A place in the work to come back to.
pub(super) struct Place {
    waiting: usize,
    trial: Option<Mark>,
}

impl Work<'_> {
    /// Notes how many rows the work has come to, when it is a tracked operation's.
    ///
    /// # Errors
    /// When the operation is to stop: then all of this transaction is taken back.
    pub(super) fn reached(&self, rows: usize) -> Result<(), Step> {
        match &self.ctx.operation {
            Some(progress) => progress.reached(rows).map_err(Step::Failed),
            None => Ok(()),
        }
    }

    /// Notes how many rows there are, when it is a tracked operation's.
    pub(super) fn comes_to(&self, rows: usize) {
        if let Some(progress) = &self.ctx.operation {
            progress.of(rows);
        }
    }

    /// Begins a part that may fail without harm to the rest.
    pub(super) async fn enter(&self) -> Result<Place, Step> {
        self.tx.savepoint().await.map_err(failure::plain)?;
        Ok(Place {
            waiting: self.ledger.len(),
            trial: self.trial.as_ref().map(Trial::mark),
        })
    }

    /// Ends the part: keeps it, or takes it back and gives the error that is its own. A failure that
    /// is not, such as a lost race, is the whole transaction's.
    pub(super) async fn leave<T>(
        &mut self,
        engine: &Engine,
        place: Place,
        outcome: Result<T, Step>,
    ) -> Result<Result<T, Error>, Step> {
        let step = match outcome {
            Ok(done) => {
                self.tx.release().await.map_err(failure::plain)?;
                return Ok(Ok(done));
            }
            Err(Step::Failed(error)) if !is_its_own(&error) => return Err(Step::Failed(error)),
            Err(step) => step,
        };
        self.tx.back().await.map_err(failure::plain)?;
        self.ledger.forget(place.waiting);
        if let (Some(trial), Some(mark)) = (&mut self.trial, place.trial) {
            trial.forget(mark);
        }
        Ok(Err(engine.explained(step, self.tx).await))
    }
}

/// # Errors
/// 403 to who looks as another: they change nothing, whatever door forgot to say so.
pub(super) fn may_write(ctx: &Context) -> Result<(), Error> {
    if ctx.principal.viewer.is_some() && !ctx.dry_run {
        let detail = "Nothing can be changed by who looks as somebody else.";
        return Err(Error::new(Kind::Forbidden, "view_as", detail));
    }
    Ok(())
}

/// What is to be done in one transaction; more than once if it loses a race.
#[async_trait]
pub(super) trait Job: Send + Sync + 'static {
    /// Does it. `None` is an answer without a body.
    async fn run(&self, engine: &Engine, work: &mut Work<'_>) -> Result<Option<Written>, Step>;
}

impl Engine {
    /// Runs a job to its end even if the caller goes away (D16), and again when it lost a race.
    pub(super) async fn transact(
        self: &Arc<Self>,
        ctx: &Context,
        once: Option<Once>,
        job: impl Job,
    ) -> Result<Option<Written>, Error> {
        may_write(ctx)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        // What is taken back happens as often as it is asked for.
        let once = once.filter(|_| !ctx.dry_run);
        Finish::new(async move {
            let running = once.as_ref().map(|once| engine.running.begin(once));
            let _under_way = running.transpose()?;
            // What is part of a whole is tried again with that.
            let mut attempt = if engine.within.is_some() { ATTEMPTS } else { 1 };
            loop {
                let outcome = engine.attempt(&ctx, once.as_ref(), &job).await;
                match &outcome {
                    Err(e) if attempt < ATTEMPTS && engine.lost(e, once.as_ref()).await? => {
                        tokio::time::sleep(pause(attempt)).await;
                        attempt += 1;
                    }
                    _ => break outcome,
                }
            }
        })
        .await
    }

    /// Whether an attempt failed because somebody was quicker: with another write, or with this very
    /// request on another node. What stands against it then is what it has written itself.
    async fn lost(&self, error: &Error, once: Option<&Once>) -> Result<bool, Error> {
        match once {
            _ if error.code == "busy" => Ok(true),
            // What the key itself says does not change by asking again.
            _ if idempotency::is_final(error) => Ok(false),
            Some(once) if is_violation(error) => once.is_answered(self.db.reader()).await,
            _ => Ok(false),
        }
    }

    async fn attempt(
        &self,
        ctx: &Context,
        once: Option<&Once>,
        job: &impl Job,
    ) -> Result<Option<Written>, Error> {
        let tx = match ctx.operation {
            // Its row is written beside the work, and in it.
            Some(_) => self.db.begin_beside().await?,
            None => self.db.begin().await?,
        };
        if let Some(once) = once
            && let Some(first) = once.answered(&tx).await?
        {
            tx.rollback().await.map_err(failure::plain)?;
            return Ok(Some(first));
        }
        // The parts of a whole begin one after the other.
        let ledger = match &self.within {
            Some(shared) => Ledger::of_part(shared.lock().set),
            None => Ledger::default(),
        };
        let mut work = Work {
            tx: &tx,
            ctx,
            ledger,
            trial: ctx.dry_run.then(Trial::default),
        };
        let outcome = job.run(self, &mut work).await;
        let Work { trial, ledger, .. } = work;
        if let Some(trial) = trial {
            let _ = tx.rollback().await;
            let ended = match outcome {
                Ok(_) => Ok(()),
                Err(step) => Err(self.explained(step, self.db.reader()).await),
            };
            return trial.answer(self, &ledger, ended).map(Some);
        }
        let kept = match outcome {
            Ok(written) => self.keep(&tx, ctx, (ledger, once), written).await,
            Err(step) => Err(step),
        };
        match kept {
            Ok((written, ledger)) => {
                let touched = ledger.touched();
                if let Some(shared) = &self.within {
                    // Before the next part can begin.
                    let mut common = shared.lock();
                    common.touched.extend(&touched);
                    common.set = ledger.set();
                }
                tx.commit().await.map_err(failure::plain)?;
                if self.within.is_none() {
                    self.committed(touched);
                }
                Ok(written)
            }
            Err(step) => {
                let _ = tx.rollback().await;
                // The transaction is over; only now can another connection look.
                Err(self.explained(step, self.db.reader()).await)
            }
        }
    }

    /// Tells the hooks what is committed.
    pub(super) fn committed(&self, touched: Vec<(ModelId, Verb)>) {
        for (model, verb) in touched {
            self.hooks.committed(self.registry.model(model), verb);
        }
    }

    /// What goes with the writes: their audit, the answer of a request that happens once, and the end
    /// of a tracked operation.
    async fn keep(
        &self,
        tx: &Tx,
        ctx: &Context,
        (mut ledger, once): (Ledger, Option<&Once>),
        written: Option<Written>,
    ) -> Result<(Option<Written>, Ledger), Step> {
        ledger.write(tx, ctx, self.registry.models(), false).await?;
        if let (Some(written), Some(once)) = (&written, once) {
            once.keep(tx, written).await?;
        }
        if let (Some(written), Some(progress)) = (&written, &ctx.operation) {
            progress.keep(tx, written).await?;
        }
        Ok((written, ledger))
    }

    /// The error of a failed step. A refused foreign key is looked up through `connection`, on which
    /// no transaction may be broken.
    pub(super) async fn explained<C: sea_orm::ConnectionTrait>(
        &self,
        step: Step,
        connection: &C,
    ) -> Error {
        match step {
            Step::Failed(error) => error,
            Step::Links(link) => {
                let meta = self.registry.model(link.model);
                let before = link.before.as_deref();
                let of = (meta, &*link.scope);
                let error = self
                    .explain_links(connection, of, &link.changes, before)
                    .await;
                error.because(link.source)
            }
        }
    }
}

/// How a job, or a part of it, ended without success.
pub(super) enum Step {
    /// With this error.
    Failed(Error),
    /// The database refused a foreign key; which one is found out after the rollback.
    Links(Box<RefusedLink>),
}

/// A write that a foreign key stood against.
pub(super) struct RefusedLink {
    model: ModelId,
    scope: Arc<Scope>,
    changes: Changes,
    before: Option<Vec<Value>>,
    source: DbErr,
}

impl Step {
    /// What a database's refusal of a write means.
    pub(super) fn of(
        model: &ModelMeta,
        scope: &Arc<Scope>,
        (changes, before): (&Changes, Option<&[Value]>),
        source: DbErr,
    ) -> Self {
        match failure::classify(&source) {
            failure::Failure::ForeignKey => Self::Links(Box::new(RefusedLink {
                model: model.id,
                scope: Arc::clone(scope),
                changes: changes.clone(),
                before: before.map(<[Value]>::to_vec),
                source,
            })),
            _ => Self::Failed(conflict::of_write(model, scope, source)),
        }
    }
}

impl From<Error> for Step {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Whether an error says that the *values* cannot be written, or that something stands against it:
/// what a dry run reports instead of failing with it.
pub(super) fn is_violation(error: &Error) -> bool {
    matches!(
        error.kind,
        Kind::Conflict | Kind::Invalid | Kind::Forbidden | Kind::PreconditionFailed
    )
}

/// Whether an error is about one part of the work alone, so that others may stand.
fn is_its_own(error: &Error) -> bool {
    is_violation(error) || matches!(error.kind, Kind::NotFound | Kind::PreconditionRequired)
}
