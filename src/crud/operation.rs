//! Operations that take their time: an import, a bulk change, an undo or an export that its caller
//! does not wait for, or a change that is large. Each is a row of `qd_operation`: how far it is, what
//! came of it.
//!
//! Progress is kept in memory and written beside the work, by a beat every second that also sees
//! whether somebody asked another node to cancel. SQLite has one connection that writes, which the
//! work holds: there it is written with each lot and at the end. What must be true after a crash is
//! written in the work's own transactions (`progress`).
//!
//! Here: how an operation is begun, accompanied and ended. How each kind is begun is in `later`, how
//! the rows are found and shown in `rows`, what becomes of those that nobody works on any more in
//! `sweep`; `files` keeps what exports write.

mod files;
mod later;
mod progress;
mod rows;
mod sweep;
mod uploads;

pub use files::{Fetched, Files};
pub use progress::Progress;

use std::borrow::Cow;
use std::collections::HashMap;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use parking_lot::Mutex;
use quarterdeck_entity::system::operation;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, DbBackend, EntityTrait as _, QueryFilter as _,
    QuerySelect as _,
};
use serde_json::Value as Json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Kind};
use crate::store::{failure, now};

use self::progress::Stop;
use super::finish::Finish;
use super::{Context, Door, Engine, Written};

/// Operations that run at once.
const AT_ONCE: usize = 2;
/// Operations that run or wait.
const WAITING: usize = 16;
/// An operation of more rows is tracked although its caller waits for it.
pub const LARGE: usize = 1_000;
/// How often progress is written where that does not stand in the way of the work.
const BEAT: Duration = Duration::from_secs(1);
/// How long the end of the server waits for what is to stop.
const STOPPING: Duration = Duration::from_secs(5);

/// What an operation is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Of {
    /// `import`, `bulk`, `undo` or `export`.
    pub(super) kind: &'static str,
    /// The public name of the model.
    pub(super) model: Option<String>,
    /// Whether all of it is done or nothing.
    pub(super) atomic: bool,
    /// What its caller may read of the model, in short, where that matters later.
    pub(super) rights: Option<String>,
}

/// The operations of this process.
#[derive(Debug)]
pub(crate) struct Operations {
    node: String,
    under_way: Mutex<HashMap<i64, Arc<Progress>>>,
    waiting: Arc<Semaphore>,
    places: Arc<Semaphore>,
    files: Files,
}

impl Operations {
    pub(super) fn new(files: Files) -> Self {
        Self {
            node: uuid::Uuid::now_v7().to_string(),
            under_way: Mutex::default(),
            waiting: Arc::new(Semaphore::new(WAITING)),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            files,
        }
    }

    /// Waits for a place of `places` until the operation is to stop.
    async fn place(
        places: &Arc<Semaphore>,
        progress: &Progress,
    ) -> Result<OwnedSemaphorePermit, Error> {
        tokio::select! {
            biased;
            why = progress.stopping() => Err(why),
            place = Arc::clone(places).acquire_owned() => place.map_err(Error::internal),
        }
    }
}

impl Engine {
    /// Begins work that its caller does not wait for: the operation as it is shown. It goes on
    /// whoever goes away, as long as the process lives.
    ///
    /// # Errors
    /// 503 when as many operations wait as may; what the database said.
    async fn begun<F>(
        self: &Arc<Self>,
        ctx: &Context,
        of: Of,
        work: impl FnOnce(Arc<Self>, Context) -> F,
    ) -> Result<Json, Error>
    where
        F: Future<Output = Result<Written, Error>> + Send + 'static,
    {
        if self.within.is_some() {
            let why = "an action is one transaction: it begins nothing that goes on after it";
            return Err(Error::internal(why));
        }
        let waits = Arc::clone(&self.operations.waiting).try_acquire_owned();
        let waits = waits.map_err(|_| {
            let detail = "As many operations wait as may; try again.";
            Error::unavailable("operations", detail, 10)
        })?;
        let (ctx, progress) = self.begin(ctx, of).await?;
        let (engine, id) = (Arc::clone(self), progress.id);
        let (request_id, work) = (ctx.request_id.clone(), work(Arc::clone(self), ctx.clone()));
        tokio::spawn(async move {
            let in_turn = async {
                let _place = Operations::place(&engine.operations.places, &progress).await?;
                work.await
            };
            let ended = engine.accompany(&progress, in_turn).await;
            engine.end(&progress, &request_id, &ended).await;
            drop(waits);
        });
        self.operation(&ctx, id).await
    }

    /// Does work of so many rows that its caller waits for; tracks it when they are many. Then it
    /// goes on to its end even if the caller goes away. What the command line does is not tracked: who
    /// began it is looking at it.
    pub(super) async fn recorded<F>(
        self: &Arc<Self>,
        ctx: &Context,
        (of, rows): (Of, usize),
        work: impl FnOnce(Arc<Self>, Context) -> F,
    ) -> Result<Written, Error>
    where
        F: Future<Output = Result<Written, Error>> + Send + 'static,
    {
        if let Some(progress) = &ctx.operation {
            progress.of(rows);
        }
        if !self.would_track(ctx) || rows <= LARGE {
            return work(Arc::clone(self), ctx.clone()).await;
        }
        let (ctx, progress) = self.begin(ctx, of).await?;
        progress.of(rows);
        let (engine, request_id) = (Arc::clone(self), ctx.request_id.clone());
        let work = work(Arc::clone(self), ctx);
        Finish::new(async move {
            let ended = engine.accompany(&progress, work).await;
            engine.end(&progress, &request_id, &ended).await;
            ended
        })
        .await
    }

    /// Whether work of this request is tracked when it is large: not what is tracked already, nor what
    /// is part of a transaction.
    pub(super) fn would_track(&self, ctx: &Context) -> bool {
        self.within.is_none() && ctx.operation.is_none() && !ctx.dry_run && ctx.door != Door::Cli
    }

    /// Notes that an operation has begun; the context of its work.
    async fn begin(&self, ctx: &Context, of: Of) -> Result<(Context, Arc<Progress>), Error> {
        let principal = &ctx.principal;
        let row = operation::ActiveModel {
            kind: Set(of.kind.to_owned()),
            model: Set(of.model),
            user_id: Set(principal.user.as_ref().map(|u| u.id)),
            username: Set(Some(principal.name().to_owned())),
            token_id: Set(principal.token.as_ref().map(|t| t.id)),
            request_id: Set(ctx.request_id.clone()),
            rights: Set(of.rights),
            node: Set(self.operations.node.clone()),
            state: Set("running".to_owned()),
            atomic: Set(of.atomic),
            done: Set(0),
            cancel: Set(false),
            started_at: Set(now()),
            seen_at: Set(now()),
            ..Default::default()
        };
        let tx = self.db.begin().await?;
        let made = operation::Entity::insert(row).exec(&tx).await;
        let id = made.map_err(failure::plain)?.last_insert_id;
        tx.commit().await.map_err(failure::plain)?;
        let progress = Arc::new(Progress::new(id, of.atomic));
        let mut under_way = self.operations.under_way.lock();
        under_way.insert(id, Arc::clone(&progress));
        let ctx = Context {
            operation: Some(Arc::clone(&progress)),
            ..ctx.clone()
        };
        Ok((ctx, progress))
    }

    /// Does the work, and beside it says how far it is. Both go on at once: the work may hold the row
    /// that a beat writes. A panic is an error like another.
    async fn accompany(
        &self,
        progress: &Progress,
        work: impl Future<Output = Result<Written, Error>>,
    ) -> Result<Written, Error> {
        let work = AssertUnwindSafe(work).catch_unwind();
        tokio::select! {
            biased;
            ended = work => {
                ended.unwrap_or_else(|_| Err(Error::internal("an operation panicked")))
            }
            never = self.beats(progress) => match never {},
        }
    }

    async fn beats(&self, progress: &Progress) -> Infallible {
        if self.db.backend() == DbBackend::Sqlite {
            std::future::pending::<()>().await;
        }
        loop {
            tokio::time::sleep(BEAT).await;
            if let Err(error) = self.beat(progress).await {
                tracing::warn!(operation = progress.id, %error, "progress was not written");
            }
        }
    }

    /// Says that it is alive, and how far it is: of lots only they themselves say that.
    async fn beat(&self, progress: &Progress) -> Result<(), Error> {
        use operation::Column::{Done, Id, SeenAt, State, Total};
        let found = operation::Entity::find_by_id(progress.id);
        let row = found.one(self.db.reader()).await.map_err(failure::plain)?;
        match row {
            Some(row) if row.state == "running" => {
                if row.cancel {
                    progress.stop(Stop::Cancelled);
                }
            }
            _ => progress.stop(Stop::Lost),
        }
        let (done, total) = progress.numbers();
        let mut update = operation::Entity::update_many()
            .col_expr(Total, Expr::value(total))
            .col_expr(SeenAt, Expr::value(now()))
            .filter(Id.eq(progress.id))
            .filter(State.eq("running"));
        if progress.atomic {
            update = update.col_expr(Done, Expr::value(done));
        }
        let tx = self.db.begin().await?;
        update.exec(&tx).await.map_err(failure::plain)?;
        tx.commit().await.map_err(failure::plain)
    }

    /// Notes how it ended. What cannot be noted is found later (`sweep`).
    async fn end(&self, progress: &Progress, request_id: &str, ended: &Result<Written, Error>) {
        if let Err(error) = ended
            && error.kind == Kind::Internal
        {
            tracing::error!(request_id, ?error, "an operation failed");
        }
        if let Err(error) = self.note_end(progress, request_id, ended).await {
            tracing::error!(operation = progress.id, %error, "its end was not noted");
        }
        self.operations.under_way.lock().remove(&progress.id);
    }

    async fn note_end(
        &self,
        progress: &Progress,
        request_id: &str,
        ended: &Result<Written, Error>,
    ) -> Result<(), Error> {
        use operation::Column::{Id, State};
        let running = operation::Entity::find_by_id(progress.id)
            .filter(State.eq("running"))
            .select_only()
            .column(Id)
            .into_tuple::<i64>();
        let running = running.one(self.db.reader()).await;
        if running.map_err(failure::plain)?.is_none() {
            // Its own transaction has said so; a report of many rows is not written twice.
            return Ok(());
        }
        let (state, answer) = match ended {
            Ok(written) => ("done", Cow::Borrowed(&*written.body)),
            Err(error) => {
                let state = match error.code {
                    "cancelled" => "cancelled",
                    _ => "failed",
                };
                let problem = error.problem(request_id).to_string();
                (state, Cow::Owned(problem.into_bytes()))
            }
        };
        let tx = self.db.begin().await?;
        let update = progress.ended(self.db.backend(), (state, &answer));
        update.exec(&tx).await.map_err(failure::plain)?;
        tx.commit().await.map_err(failure::plain)
    }

    /// Lets everything that is under way stop, and waits a while for that.
    pub async fn stop_operations(&self) {
        for progress in self.operations.under_way.lock().values() {
            progress.stop(Stop::Ending);
        }
        let all_ended = async {
            while !self.operations.under_way.lock().is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(STOPPING, all_ended).await.is_err() {
            tracing::warn!("operations were still running at the end");
        }
    }
}
