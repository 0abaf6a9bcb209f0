//! [`Tx`]: a transaction that writes. Every write of the process goes through one, single
//! statements too: a SQLite statement with RETURNING that is run alone is abandoned by the driver
//! before it has finished, and then checkpoints never happen.

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    Value,
};

/// An open transaction; dropped without [`Tx::commit`] it is rolled back.
#[derive(Debug)]
pub struct Tx(DatabaseTransaction);

impl Tx {
    pub(super) fn new(transaction: DatabaseTransaction) -> Self {
        Self(transaction)
    }

    /// Makes the writes permanent.
    ///
    /// # Errors
    /// What the database said; then nothing was written.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.0.commit().await
    }

    /// Takes the writes back.
    ///
    /// # Errors
    /// What the database said.
    pub async fn rollback(self) -> Result<(), DbErr> {
        self.0.rollback().await
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
        self.0.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.0.execute_raw(exact(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.0.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        // Read whole: an abandoned statement of SQLite's would keep its log from being emptied.
        Ok(self
            .0
            .query_all_raw(exact(statement))
            .await?
            .into_iter()
            .next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.0.query_all_raw(exact(statement)).await
    }
}
