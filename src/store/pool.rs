//! A pool of connections, over `deadpool`. The drivers' own pools ask the server whether it is still
//! there after every use, which doubles the round trips of a short request; this one asks only after
//! a pause, and after a user who went away in the middle.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use deadpool::Runtime;
use deadpool::managed::{
    self, Metrics, Object, PoolConfig, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts,
};
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement,
};
use tokio::sync::Mutex;

use super::connection::{Connection, Options};
use super::stream::until_told;
use super::tx::exact;
use super::whole::{Held, State};

/// After a pause of this length a connection is asked whether it still is one.
const PAUSE: Duration = Duration::from_secs(10);

/// A server's connection is not kept longer than this.
const MAX_AGE: Duration = Duration::from_secs(30 * 60);

/// After the time-out of statements, the longest time for what is left to read of an answer.
const LEFTOVERS: Duration = Duration::from_secs(10);

/// Called with every statement that reads or writes.
pub(super) type Observer = Arc<dyn Fn(&Statement) + Send + Sync>;

#[derive(Debug)]
struct Manager {
    options: Options,
    patience: Duration,
}

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = DbErr;

    async fn create(&self) -> Result<Connection, DbErr> {
        Connection::establish(&self.options, self.patience).await
    }

    async fn recycle(
        &self,
        connection: &mut Connection,
        metrics: &Metrics,
    ) -> RecycleResult<DbErr> {
        let old = !matches!(self.options, Options::Sqlite(_)) && metrics.age() > MAX_AGE;
        let left = connection.busy || connection.open || connection.unlimited.is_some();
        if connection.lost || left || old {
            return Err(RecycleError::message("not to be used again"));
        }
        if metrics.last_used() > PAUSE {
            connection.ping().await.map_err(RecycleError::Backend)?;
        }
        Ok(())
    }
}

/// Connections that are shared. Used as a connection itself, each statement runs on its own.
#[derive(Clone)]
pub struct Pool {
    backend: DbBackend,
    connections: managed::Pool<Manager>,
    observer: Option<Observer>,
    /// Whether an INSERT gives its rows back.
    pub(super) returning: bool,
    /// The transaction that all that is done with it is part of.
    pub(super) whole: Option<Arc<Mutex<State>>>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool")
            .field("backend", &self.backend)
            .field("status", &self.connections.status())
            .finish_non_exhaustive()
    }
}

impl Pool {
    /// A pool of at most `size` connections; a user waits no longer than `wait` for one.
    pub(super) fn new(
        options: Options,
        (size, wait): (usize, Duration),
        patience: Duration,
    ) -> Result<Self, DbErr> {
        let backend = match options {
            Options::Sqlite(_) => DbBackend::Sqlite,
            Options::Postgres(_) => DbBackend::Postgres,
            Options::MySql(_) => DbBackend::MySql,
        };
        let config = PoolConfig {
            max_size: size.max(1),
            timeouts: Timeouts {
                wait: Some(wait),
                create: Some(wait),
                recycle: Some(wait),
            },
            // The connection that was used last: its caches are warm, and the others may rest.
            queue_mode: QueueMode::Lifo,
        };
        let connections = managed::Pool::builder(Manager { options, patience })
            .config(config)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|e| DbErr::Custom(e.to_string()))?;
        Ok(Self {
            backend,
            connections,
            observer: None,
            returning: backend != DbBackend::MySql,
            whole: None,
        })
    }

    /// The same within a transaction that all is part of.
    pub(super) fn within(&self, whole: &Arc<Mutex<State>>) -> Self {
        Self {
            whole: Some(Arc::clone(whole)),
            ..self.clone()
        }
    }

    pub(super) fn set_observer(&mut self, observer: Observer) {
        self.observer = Some(observer);
    }

    pub(super) fn observer(&self) -> Option<Observer> {
        self.observer.clone()
    }

    /// A connection for one user.
    pub(super) async fn lease(&self) -> Result<Lease, DbErr> {
        match self.connections.get().await {
            Ok(object) => Ok(Lease(Some(object))),
            Err(PoolError::Backend(e)) => Err(e),
            Err(PoolError::Closed) => {
                Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed))
            }
            Err(_) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not, or no connection was free.
    pub async fn ping(&self) -> Result<(), DbErr> {
        Held::of(self).await?.ping().await
    }

    /// Ends the connections that nobody uses, and lets nobody have one any more.
    pub(super) async fn close(&self) {
        let idle = self.connections.retain(|_, _| false).removed;
        self.connections.close();
        for connection in idle {
            connection.close().await;
        }
    }

    /// The most connections there can be.
    #[must_use]
    pub fn most(&self) -> usize {
        self.connections.status().max_size
    }

    pub(super) fn observe(&self, statement: &Statement) {
        if let Some(observer) = &self.observer {
            observer(statement);
        }
    }
}

#[async_trait]
impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.observe(&statement);
        Held::of(self).await?.execute(exact(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        Held::of(self).await?.run(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.observe(&statement);
        Held::of(self).await?.rows(exact(statement)).await
    }
}

/// A connection in use; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Lease(Option<Object<Manager>>);

impl Deref for Lease {
    type Target = Connection;

    #[expect(clippy::expect_used, reason = "taken out only when it is dropped")]
    fn deref(&self) -> &Connection {
        self.0.as_ref().expect("a connection until the drop")
    }
}

impl DerefMut for Lease {
    #[expect(clippy::expect_used, reason = "taken out only when it is dropped")]
    fn deref_mut(&mut self) -> &mut Connection {
        self.0.as_mut().expect("a connection until the drop")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut object) = self.0.take() else {
            return;
        };
        if object.lost {
            // The others of its age are likely lost too; each would cost a request.
            if let Some(pool) = Object::pool(&object) {
                pool.retain(|_, _| false);
            }
        } else if object.unlimited.is_some() {
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(settle(object));
            }
        } else if object.busy || object.open {
            // The caller went away. The place in the pool stays taken until the database is done
            // with the statement: else hanging up would buy more work at once than the pool allows.
            object.give_up();
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async move {
                    // The driver of MariaDB may have been left in the middle of a packet; then it waits
                    // for bytes that never come.
                    let patience = Object::pool(&object).map(|pool| pool.manager().patience);
                    let longest = patience.unwrap_or_default() + LEFTOVERS;
                    let recovered = tokio::time::timeout(longest, object.recover()).await;
                    if !matches!(recovered, Ok(Ok(()))) {
                        object.lost = true;
                    }
                });
            }
        }
    }
}

impl Pool {
    /// What stops, by this statement, what another connection runs.
    pub(super) fn stopper(&self, sql: Option<String>) -> Stopper<'_> {
        let pool = &self.connections;
        Stopper { pool, sql }
    }

    /// Gives a connection back whose statements had no time-out.
    pub(super) async fn settle(&self, mut lease: Lease) {
        if let Some(object) = lease.0.take() {
            settle(object).await;
        }
    }
}

/// Tells a server to stop a statement. It must be told over another connection, or it would go on: it
/// notices that nobody reads only when it has something to send.
pub(super) struct Stopper<'a> {
    pool: &'a managed::Pool<Manager>,
    sql: Option<String>,
}

impl Stopper<'_> {
    /// By a connection that is free, or by a new one: to wait for one that is itself to be stopped by the
    /// same means could take for ever.
    pub(super) async fn tell(&self) -> Result<(), DbErr> {
        let Some(sql) = &self.sql else { return Ok(()) };
        let at_once = Timeouts {
            wait: Some(Duration::ZERO),
            ..self.pool.timeouts()
        };
        if let Ok(mut other) = self.pool.timeout_get(&at_once).await {
            return other.run(sql).await.map(drop);
        }
        let Manager { options, patience } = self.pool.manager();
        let mut other = Connection::establish(options, *patience).await?;
        let told = other.run(sql).await.map(drop);
        other.close().await;
        told
    }
}

/// Stops what a connection without a time-out still runs, and gives it its time-out back; or closes it.
/// Its place in the pool stays taken until then.
async fn settle(mut object: Object<Manager>) {
    let settled = match Object::pool(&object) {
        Some(pool) if !object.lost => {
            let patience = pool.manager().patience;
            (!object.busy || stop(&pool, &mut object).await) && object.limit(patience).await.is_ok()
        }
        _ => false,
    };
    if !settled {
        drop(Object::take(object));
    }
}

/// Stops a statement whose reader was dropped in the middle; whether the connection can be used again.
async fn stop(pool: &managed::Pool<Manager>, connection: &mut Connection) -> bool {
    connection.give_up();
    let sql = connection.stopping();
    let stopper = Stopper { pool, sql };
    // What is left to read ends with the error of the statement that was stopped: the first question has
    // that for an answer.
    for _ in 0..2 {
        match until_told(&stopper, connection.ping()).await {
            Some(Ok(())) => return true,
            Some(Err(_)) => {}
            None => return false,
        }
    }
    false
}
