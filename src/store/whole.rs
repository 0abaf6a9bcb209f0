//! [`Whole`]: transactions that are parts of one, committed together or not at all. Who is given its
//! [`Db`] uses that like any other. What is read through it is read in the transaction once there is
//! one: it begins with the first write, so that who only reads first is in nobody's way. A stream (an
//! export) reads what is committed.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sea_orm::{ConnAcquireErr, DbErr};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::error::Error;

use super::connection::Connection;
use super::db::Db;
use super::failure;
use super::pool::{Lease, Pool};

/// The transaction that all are parts of.
#[derive(Debug, Default)]
pub(super) struct State {
    lease: Option<Lease>,
    /// It cannot be committed any more: a part was left in the middle.
    broken: bool,
    ended: bool,
}

impl State {
    /// Whether the database may have taken all of it back because others were in the way.
    fn raced(&self) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.raced)
    }
}

/// See the module.
#[derive(Debug)]
pub struct Whole {
    db: Db,
    state: Arc<Mutex<State>>,
}

impl Whole {
    /// None has begun yet.
    pub(super) fn new(inner: impl FnOnce(&Arc<Mutex<State>>) -> Db) -> Self {
        let state = Arc::default();
        Self {
            db: inner(&state),
            state,
        }
    }

    /// The database as it is within.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Makes all of it permanent.
    ///
    /// # Errors
    /// 503 when a part was left in the middle or lost a race; what the database said. Then nothing was
    /// written.
    pub async fn commit(self) -> Result<(), Error> {
        let mut state = self.state.lock().await;
        state.ended = true;
        let (broken, raced) = (state.broken, state.raced());
        match state.lease.take() {
            Some(mut lease) if !broken && !raced => lease.commit().await.map_err(failure::plain),
            Some(mut lease) => {
                let _ = lease.rollback().await;
                Err(busy())
            }
            None => Ok(()),
        }
    }

    /// Takes all of it back because of an error. If it lost a race, that is the error, whatever came of
    /// it: 503 `busy`, and all of it may be tried again.
    pub async fn rollback(self, error: Error) -> Error {
        let mut state = self.state.lock().await;
        state.ended = true;
        let raced = state.raced();
        if let Some(mut lease) = state.lease.take() {
            let _ = lease.rollback().await;
        }
        if raced { busy().because(error) } else { error }
    }
}

fn busy() -> Error {
    Error::unavailable("busy", "Other writes are in the way; try again.", 1)
}

/// A connection in use: one's own, or that of the transaction one is part of.
#[derive(Debug)]
pub(super) enum Held {
    Own(Lease),
    Part(Part),
}

/// The connection of a [`Whole`], which nobody else uses meanwhile.
#[derive(Debug)]
pub(super) struct Part {
    state: OwnedMutexGuard<State>,
    open: bool,
}

impl Held {
    /// For a statement of its own: the connection of the whole, once that has begun.
    pub(super) async fn of(pool: &Pool) -> Result<Self, DbErr> {
        if let Some(whole) = &pool.whole {
            let state = joined(whole).await?;
            if state.lease.is_some() {
                return Ok(Self::Part(Part { state, open: false }));
            }
        }
        pool.lease().await.map(Self::Own)
    }

    /// With a transaction begun, which is a part of the whole if there is one.
    pub(super) async fn begun(pool: &Pool, beside: bool) -> Result<Self, DbErr> {
        let Some(whole) = &pool.whole else {
            let mut lease = pool.lease().await?;
            if beside {
                lease.begin_beside().await?;
            } else {
                lease.begin().await?;
            }
            return Ok(Self::Own(lease));
        };
        let mut state = joined(whole).await?;
        if state.lease.is_none() {
            let mut lease = pool.lease().await?;
            // Its parts may be long apart: each is to see what the others' have committed.
            lease.begin_beside().await?;
            state.lease = Some(lease);
        }
        let mut part = Part { state, open: true };
        part.run("SAVEPOINT whole").await?;
        Ok(Self::Part(part))
    }

    /// Makes the writes permanent, or a part of what will be.
    pub(super) async fn commit(self) -> Result<(), DbErr> {
        match self {
            Self::Own(mut lease) => lease.commit().await,
            Self::Part(mut part) => {
                part.run("RELEASE SAVEPOINT whole").await?;
                part.open = false;
                Ok(())
            }
        }
    }

    /// Takes the writes back.
    pub(super) async fn rollback(self) -> Result<(), DbErr> {
        match self {
            Self::Own(mut lease) => lease.rollback().await,
            Self::Part(mut part) => {
                part.run("ROLLBACK TO SAVEPOINT whole").await?;
                part.run("RELEASE SAVEPOINT whole").await?;
                part.open = false;
                Ok(())
            }
        }
    }
}

async fn joined(whole: &Arc<Mutex<State>>) -> Result<OwnedMutexGuard<State>, DbErr> {
    let state = Arc::clone(whole).lock_owned().await;
    if state.ended || state.broken || state.raced() {
        return Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed));
    }
    Ok(state)
}

impl Deref for Held {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match self {
            Self::Own(lease) => lease,
            Self::Part(part) => part,
        }
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut Connection {
        match self {
            Self::Own(lease) => lease,
            Self::Part(part) => part,
        }
    }
}

impl Deref for Part {
    type Target = Connection;

    #[expect(clippy::expect_used, reason = "made only where it has begun")]
    fn deref(&self) -> &Connection {
        self.state.lease.as_ref().expect("a transaction")
    }
}

impl DerefMut for Part {
    #[expect(clippy::expect_used, reason = "made only where it has begun")]
    fn deref_mut(&mut self) -> &mut Connection {
        self.state.lease.as_mut().expect("a transaction")
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.state.broken |= self.open || self.busy;
    }
}
