//! Rows as they come from the database, one by one, however many there are: what an export reads.
//!
//! One statement, and so one snapshot, without the time-out of statements. When nobody takes the rows
//! any more the database is told to stop, and the connection goes back clean or not at all.

use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use sea_orm::sea_query::SelectStatement;
use sea_orm::{DbErr, QueryResult, Statement};

use crate::error::Error;

use super::connection::Connection;
use super::db::Db;
use super::failure;
use super::pool::{Pool, Stopper};
use super::tx::exact;

/// Who takes the rows.
pub trait Sink: Send {
    /// Takes a row; whether there is enough for [`Self::flush`] now.
    ///
    /// # Errors
    /// Why it cannot be taken; no more rows are read then.
    fn row(&mut self, row: &QueryResult) -> Result<bool, Error>;

    /// Passes on what was taken; `false` when nobody wants it any more.
    fn flush(&mut self) -> impl Future<Output = bool> + Send;

    /// Ends when nobody wants the rows any more.
    fn gone(&self) -> impl Future<Output = ()> + Send;
}

/// How a stream ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// After the last row.
    Whole,
    /// Nobody wanted more.
    Gone,
    /// The sink did not take a row.
    Refused(Error),
    /// The database broke off.
    Failed(DbErr),
}

/// A statement that nobody reads is told to stop unless it ends by itself so soon.
const SOON: Duration = Duration::from_millis(10);
/// After so long a statement that has not stopped is told again: it may have begun only after it was
/// told, when its text was still on the way.
const AGAIN: Duration = Duration::from_millis(500);
/// How often it is told before it is given up.
const OFTEN: usize = 10;

/// Pours rows into a sink until either has an end.
pub(super) async fn pour<S: Sink>(
    rows: &mut (impl Stream<Item = Result<QueryResult, DbErr>> + Send + Unpin),
    sink: &mut S,
) -> Ended {
    loop {
        let next = tokio::select! {
            biased;
            next = rows.next() => next,
            () = sink.gone() => return Ended::Gone,
        };
        let full = match next {
            None => return Ended::Whole,
            Some(Err(error)) => return Ended::Failed(error),
            Some(Ok(row)) => match sink.row(&row) {
                Ok(full) => full,
                Err(error) => return Ended::Refused(error),
            },
        };
        if full && !sink.flush().await {
            return Ended::Gone;
        }
    }
}

/// Reads the rows that nobody wants while the database is told to stop; whether they had an end. Left in
/// the middle of one, a connection could not be used again.
pub(super) async fn drain(
    rows: &mut (impl Stream<Item = Result<QueryResult, DbErr>> + Send + Unpin),
    stopper: &Stopper<'_>,
) -> bool {
    until_told(stopper, async {
        while let Some(Ok(_)) = rows.next().await {}
    })
    .await
    .is_some()
}

/// Awaits what ends when the database has stopped, and tells it to; `None` when it does not stop.
pub(super) async fn until_told<T>(
    stopper: &Stopper<'_>,
    stopped: impl Future<Output = T>,
) -> Option<T> {
    let mut stopped = std::pin::pin!(stopped);
    let mut pause = SOON;
    for _ in 0..OFTEN {
        if let Ok(stopped) = tokio::time::timeout(pause, stopped.as_mut()).await {
            return Some(stopped);
        }
        stopper.tell().await.ok()?;
        pause = AGAIN;
    }
    None
}

impl Db {
    /// Pours the rows of a SELECT into a sink. What the sink has not flushed itself is left to its
    /// owner. `false` when nobody wanted all of them.
    ///
    /// # Errors
    /// See [`failure::plain`], and those of the sink.
    pub async fn stream<S: Sink>(
        &self,
        select: &SelectStatement,
        sink: &mut S,
    ) -> Result<bool, Error> {
        let statement = self.backend().build(select);
        match self.reader().stream(statement, sink).await {
            Ok(Ended::Whole) => Ok(true),
            Ok(Ended::Gone) => Ok(false),
            Ok(Ended::Refused(error)) => Err(error),
            Ok(Ended::Failed(error)) | Err(error) => Err(failure::plain(error)),
        }
    }
}

impl Pool {
    async fn stream<S: Sink>(&self, statement: Statement, sink: &mut S) -> Result<Ended, DbErr> {
        self.observe(&statement);
        let mut lease = self.lease().await?;
        lease.unlimit().await?;
        let stopper = self.stopper(lease.stopping());
        let ended = lease.pour(exact(statement), sink, &stopper).await;
        self.settle(lease).await;
        Ok(ended)
    }
}

impl Connection {
    /// Runs a statement without a limit of time, and pours its rows. Busy still when it did not stop.
    async fn pour<S: Sink>(
        &mut self,
        statement: Statement,
        sink: &mut S,
        stopper: &Stopper<'_>,
    ) -> Ended {
        let (ended, stopped) = self.run_and_pour(statement, sink, stopper).await;
        self.busy = !stopped;
        if let Ended::Failed(error) = &ended {
            self.lost |= failure::classify(error) == failure::Failure::Unavailable;
        }
        ended
    }
}
