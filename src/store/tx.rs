//! [`Tx`]: a transaction that writes. Every write of the process goes through one, single
//! statements too: a SQLite statement with RETURNING that is run alone is abandoned by the driver
//! before it has finished, and then checkpoints never happen.

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, Value};
use tokio::sync::Mutex;

use super::pool::{Observer, Pool};
use super::whole::Held;

/// An open transaction; dropped without [`Tx::commit`] it is rolled back.
pub struct Tx {
    backend: DbBackend,
    // Statements of one transaction run one after the other.
    connection: Mutex<Held>,
    observer: Option<Observer>,
    returning: bool,
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx")
            .field("backend", &self.backend)
            .finish_non_exhaustive()
    }
}

impl Tx {
    pub(super) async fn begin(pool: &Pool, beside: bool) -> Result<Self, DbErr> {
        Ok(Self {
            backend: pool.get_database_backend(),
            connection: Mutex::new(Held::begun(pool, beside).await?),
            observer: pool.observer(),
            returning: pool.returning,
        })
    }

    /// Whether an INSERT gives its rows back (`RETURNING`).
    pub(super) fn returning(&self) -> bool {
        self.returning
    }

    /// Makes the writes permanent.
    ///
    /// # Errors
    /// What the database said; then nothing was written.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.connection.into_inner().commit().await
    }

    /// Takes the writes back.
    ///
    /// # Errors
    /// What the database said.
    pub async fn rollback(self) -> Result<(), DbErr> {
        self.connection.into_inner().rollback().await
    }

    /// Runs a statement that gives no rows, and of which nothing is to be known but that it stands when the
    /// transaction does: it may be run, and fail, with the next one or with the COMMIT.
    ///
    /// # Errors
    /// What the database said.
    pub async fn hold(&self, statement: Statement) -> Result<(), DbErr> {
        self.observe(&statement);
        self.connection.lock().await.hold(exact(statement)).await
    }

    /// Marks a place in the transaction to come [`Self::back`] to.
    ///
    /// # Errors
    /// What the database said.
    pub async fn savepoint(&self) -> Result<(), DbErr> {
        self.execute_unprepared("SAVEPOINT part").await.map(drop)
    }

    /// Forgets the place: what was written since stands with the transaction.
    ///
    /// # Errors
    /// What the database said.
    pub async fn release(&self) -> Result<(), DbErr> {
        self.execute_unprepared("RELEASE SAVEPOINT part")
            .await
            .map(drop)
    }

    /// Takes back what was written since [`Self::savepoint`].
    ///
    /// # Errors
    /// What the database said.
    pub async fn back(&self) -> Result<(), DbErr> {
        self.execute_unprepared("ROLLBACK TO SAVEPOINT part")
            .await?;
        self.release().await
    }

    fn observe(&self, statement: &Statement) {
        if let Some(observer) = &self.observer {
            observer(statement);
        }
    }
}

/// The MySQL driver binds an instant as TIMESTAMP, which ends in 2038 and begins in 1970: outside it
/// becomes NULL, in silence, even in a DATETIME column. Bound as a local time it is exact; the
/// session's time zone is UTC.
pub(super) fn exact(mut statement: Statement) -> Statement {
    if statement.db_backend == DbBackend::MySql
        && let Some(values) = &mut statement.values
    {
        for value in &mut values.0 {
            let naive = match value {
                Value::ChronoDateTimeUtc(at) => at.map(|t| t.naive_utc()),
                Value::ChronoDateTimeWithTimeZone(at) => at.map(|t| t.naive_utc()),
                Value::ChronoDateTimeLocal(at) => at.map(|t| t.naive_utc()),
                _ => continue,
            };
            *value = Value::ChronoDateTime(naive);
        }
    }
    statement
}

#[async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.observe(&statement);
        self.connection.lock().await.execute(exact(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.connection.lock().await.run(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        // Read whole: an abandoned statement of SQLite's would keep its log from being emptied.
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.observe(&statement);
        self.connection.lock().await.rows(exact(statement)).await
    }
}
