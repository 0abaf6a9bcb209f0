//! How far an operation is, whether it is to stop, and what of it is written in the transactions of
//! its own work: what stands in its row is then neither more nor less than what was done.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use quarterdeck_entity::system::operation;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, QueryFilter as _,
};
use serde_json::Value as Json;
use tokio::sync::Notify;

use crate::crud::Written;
use crate::error::{Error, Kind};
use crate::store::{Tx, failure, now};

/// How far an operation is.
#[derive(Debug, Default)]
pub struct Progress {
    pub(super) id: i64,
    /// Whether all of it is done or nothing.
    pub(super) atomic: bool,
    done: AtomicUsize,
    total: AtomicUsize,
    /// 0, or a [`Stop`].
    stop: AtomicU8,
    stopped: Notify,
}

/// Why an operation is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Somebody asked for it.
    Cancelled = 1,
    /// The server ends.
    Ending = 2,
    /// Its row says already that it has ended: it was taken for dead.
    Lost = 3,
}

impl Progress {
    pub(super) fn new(id: i64, atomic: bool) -> Self {
        Self {
            id,
            atomic,
            ..Self::default()
        }
    }

    /// Says how many rows there are.
    pub(in crate::crud) fn of(&self, rows: usize) {
        self.total.store(rows, Ordering::Relaxed);
    }

    /// Says how many rows the work has come to.
    ///
    /// # Errors
    /// When it is to stop.
    pub(in crate::crud) fn reached(&self, rows: usize) -> Result<(), Error> {
        self.done(rows);
        self.go_on()
    }

    /// Says how many rows are done.
    pub(in crate::crud) fn done(&self, rows: usize) {
        self.done.store(rows, Ordering::Relaxed);
    }

    /// Says that the work has come one row further.
    pub(in crate::crud) fn one_more(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// # Errors
    /// When it is to stop: why.
    pub(in crate::crud) fn go_on(&self) -> Result<(), Error> {
        match self.stop.load(Ordering::Relaxed) {
            0 => Ok(()),
            n if n == Stop::Cancelled as u8 => Err(cancelled()),
            _ => Err(interrupted("The server ended while it was under way.")),
        }
    }

    /// Lets it stop; what was said first stands.
    pub(super) fn stop(&self, why: Stop) {
        let _ = self
            .stop
            .compare_exchange(0, why as u8, Ordering::Relaxed, Ordering::Relaxed);
        self.stopped.notify_waiters();
    }

    /// Ends when it is to stop: why.
    pub(super) async fn stopping(&self) -> Error {
        loop {
            let told = self.stopped.notified();
            if let Err(why) = self.go_on() {
                return why;
            }
            told.await;
        }
    }

    /// Writes in a lot's transaction how many rows are done once that is committed.
    ///
    /// # Errors
    /// When the operation was taken for dead; what the database said.
    pub(in crate::crud) async fn keep_lot(&self, tx: &Tx, rows: usize) -> Result<(), Error> {
        use operation::Column::{Done, Id, SeenAt, State};
        let update = operation::Entity::update_many()
            .col_expr(Done, Expr::value(number(rows)))
            .col_expr(SeenAt, Expr::value(now()))
            .filter(Id.eq(self.id))
            .filter(State.eq("running"));
        alive(update.exec(tx).await.map_err(failure::plain)?.rows_affected)
    }

    /// Writes the end of what is all or nothing in its own transaction: it is `done` exactly when
    /// that is committed.
    ///
    /// # Errors
    /// When the operation was taken for dead, so that somebody may have begun it anew; what the
    /// database said.
    pub(in crate::crud) async fn keep(&self, tx: &Tx, written: &Written) -> Result<(), Error> {
        if !self.atomic {
            return Ok(());
        }
        let update = self.ended(tx.get_database_backend(), ("done", &written.body));
        alive(update.exec(tx).await.map_err(failure::plain)?.rows_affected)
    }

    /// The statement that notes its end with the JSON it was answered with, unless that is noted already.
    pub(super) fn ended(
        &self,
        backend: DbBackend,
        (state, answer): (&str, &[u8]),
    ) -> sea_orm::UpdateMany<operation::Entity> {
        use operation::Column::{Done, EndedAt, Id, Result as Told, State, Total};
        let (done, total) = self.numbers();
        // Bound as the text that it is: it may be that of ten thousand rows.
        let told = Expr::value(without_nul(answer));
        let told = match backend {
            DbBackend::Postgres => told.cast_as("jsonb"),
            _ => told,
        };
        operation::Entity::update_many()
            .col_expr(State, Expr::value(state))
            .col_expr(Done, Expr::value(done))
            .col_expr(Total, Expr::value(total))
            .col_expr(EndedAt, Expr::value(now()))
            .col_expr(Told, told)
            .filter(Id.eq(self.id))
            .filter(State.eq("running"))
    }

    /// How many rows are done, and how many there are.
    pub(super) fn numbers(&self) -> (i64, Option<i64>) {
        let total = self.total.load(Ordering::Relaxed);
        let total = Some(number(total)).filter(|n| *n > 0);
        (number(self.done.load(Ordering::Relaxed)), total)
    }
}

/// What a cancelled operation ends with.
fn cancelled() -> Error {
    Error::new(Kind::Conflict, "cancelled", "It was cancelled.")
}

/// What an operation ends with that nobody works on any more.
pub(super) fn interrupted(detail: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::Unavailable, "interrupted", detail)
}

fn alive(rows: u64) -> Result<(), Error> {
    match rows {
        0 => Err(interrupted(
            "The operation was taken for dead; nothing was written.",
        )),
        _ => Ok(()),
    }
}

fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A text of JSON, if there is one. PostgreSQL's has no NUL; a fault may tell of one that somebody sent.
fn without_nul(json: &[u8]) -> Option<String> {
    let text = str::from_utf8(json).ok().filter(|text| !text.is_empty())?;
    if !text.contains("\\u0000") {
        return Some(text.to_owned());
    }
    let json = serde_json::from_str(text).ok()?;
    Some(replaced(json).to_string())
}

fn replaced(json: Json) -> Json {
    match json {
        Json::String(text) if text.contains('\0') => text.replace('\0', "\u{fffd}").into(),
        Json::Array(all) => all.into_iter().map(replaced).collect(),
        Json::Object(all) => {
            let members = all.into_iter();
            let members = members.map(|(name, j)| (name.replace('\0', "\u{fffd}"), replaced(j)));
            Json::Object(members.collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_to_stop_stands() {
        let progress = Progress::default();
        assert!(progress.reached(1).is_ok());
        progress.stop(Stop::Cancelled);
        progress.stop(Stop::Ending);
        assert_eq!(progress.reached(2).unwrap_err().code, "cancelled");
        assert_eq!(progress.numbers(), (2, None));
    }

    #[tokio::test]
    async fn who_waits_is_told_to_stop() {
        let progress = std::sync::Arc::new(Progress::default());
        let waiting = std::sync::Arc::clone(&progress);
        let waiting = tokio::spawn(async move { waiting.stopping().await.code });
        tokio::task::yield_now().await;
        progress.stop(Stop::Ending);
        assert_eq!(waiting.await.unwrap(), "interrupted");
    }

    #[test]
    fn nul_is_told_as_what_cannot_be_shown() {
        let told = r#"{"a\u0000":["b\u0000c","d\\u0000",1,{"e":"f"}]}"#;
        let shown = r#"{"a�":["b�c","d\\u0000",1,{"e":"f"}]}"#;
        assert_eq!(without_nul(told.as_bytes()).as_deref(), Some(shown));
        assert_eq!(without_nul(shown.as_bytes()).as_deref(), Some(shown));
        assert_eq!(without_nul(b""), None);
    }
}
