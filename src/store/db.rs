//! Connections. On SQLite one connection writes and the others only read; on PostgreSQL and
//! MariaDB/MySQL one pool does both. Every transaction begins here.

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::Value;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, DbErr,
    QueryResult, SqliteTransactionMode, SqlxSqliteConnector, Statement, TransactionOptions,
    TransactionTrait as _,
};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::error::Error;

use super::failure;
use super::tx::{self, Tx};

/// SQLite before this version can corrupt a database in WAL mode (A83).
const SQLITE_FIXED: (u32, u32, u32) = (3, 51, 3);

/// How to connect.
#[derive(Debug, Clone)]
pub struct DbSettings {
    /// `sqlite://file`, `postgres://…`, `mysql://…`.
    pub url: String,
    /// Most connections of the pool (on SQLite: of the readers).
    pub max_connections: u32,
    /// Longest time one statement may run.
    pub statement_timeout: Duration,
    /// Longest time to wait for a free connection.
    pub acquire_timeout: Duration,
    /// SQLite: whether a commit waits for the disk (`synchronous=FULL`).
    pub sqlite_full_sync: bool,
}

/// The database.
#[derive(Debug, Clone)]
pub struct Db {
    backend: DbBackend,
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    statement_timeout: Duration,
}

impl Db {
    /// Connects, creating a SQLite file that is not there.
    ///
    /// # Errors
    /// What the database said; a SQLite library that is not safe to use.
    pub async fn connect(settings: &DbSettings) -> Result<Self, Error> {
        let connected = if settings.url.starts_with("sqlite:") {
            Self::connect_sqlite(settings).await
        } else {
            Self::connect_server(settings).await
        };
        let db = connected.map_err(|e| {
            Error::unavailable("database", "The database cannot be reached.", 5).because(e)
        })?;
        db.check_version().await?;
        Ok(db)
    }

    async fn connect_sqlite(settings: &DbSettings) -> Result<Self, DbErr> {
        let broken = |e: sqlx::Error| DbErr::Conn(sea_orm::RuntimeErr::SqlxError(Arc::new(e)));
        let synchronous = if settings.sqlite_full_sync {
            SqliteSynchronous::Full
        } else {
            SqliteSynchronous::Normal
        };
        let options = SqliteConnectOptions::from_str(&settings.url)
            .map_err(broken)?
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .busy_timeout(Duration::from_secs(10))
            .statement_cache_capacity(500);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(30))
            .connect_with(options.clone())
            .await
            .map_err(broken)?;
        let writer = SqlxSqliteConnector::from_sqlx_sqlite_pool(writer);
        let in_memory = settings.url.contains(":memory:") || settings.url.contains("mode=memory");
        let reader = if in_memory {
            writer.clone()
        } else {
            let pool = SqlitePoolOptions::new()
                .max_connections(settings.max_connections)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
                .acquire_timeout(settings.acquire_timeout)
                .connect_lazy_with(options.read_only(true).create_if_missing(false));
            SqlxSqliteConnector::from_sqlx_sqlite_pool(pool)
        };
        Ok(Self {
            backend: DbBackend::Sqlite,
            reader,
            writer,
            statement_timeout: settings.statement_timeout,
        })
    }

    async fn connect_server(settings: &DbSettings) -> Result<Self, DbErr> {
        let millis = settings.statement_timeout.as_millis();
        let mut options = ConnectOptions::new(&settings.url);
        options
            .max_connections(settings.max_connections)
            .acquire_timeout(settings.acquire_timeout)
            // A restarted server must not cost every pooled connection a failed request.
            .test_before_acquire_if_idle_for(Duration::from_secs(10))
            .sqlx_logging(false)
            .map_sqlx_postgres_opts(move |o| {
                o.options([
                    ("statement_timeout", millis.to_string()),
                    ("timezone", "UTC".into()),
                ])
                .statement_cache_capacity(500)
            })
            .map_sqlx_mysql_opts(|o| o.statement_cache_capacity(500))
            .map_sqlx_mysql_pool_opts(move |o| {
                o.after_connect(move |connection, _| Box::pin(limit_mysql(connection, millis)))
            });
        let connection = Database::connect(options).await?;
        Ok(Self {
            backend: connection.get_database_backend(),
            reader: connection.clone(),
            writer: connection,
            statement_timeout: settings.statement_timeout,
        })
    }

    async fn check_version(&self) -> Result<(), Error> {
        if self.backend != DbBackend::Sqlite {
            return Ok(());
        }
        let sql = "SELECT sqlite_version()";
        let row = self
            .writer
            .query_one_raw(Statement::from_string(self.backend, sql))
            .await;
        let version: String = row
            .map_err(failure::plain)?
            .ok_or_else(Error::not_found)
            .and_then(|r| r.try_get_by_index(0).map_err(failure::plain))?;
        let mut parts = version.split('.').map(|p| p.parse::<u32>().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        if (next(), next(), next()) < SQLITE_FIXED {
            return Err(Error::internal(format!(
                "SQLite {version} can corrupt a database in WAL mode; 3.51.3 or newer is needed"
            )));
        }
        Ok(())
    }

    /// Which database this is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.backend
    }

    /// The connection for reading outside a transaction.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// The connection for migrations, which manage their own transactions.
    #[must_use]
    pub fn migrations(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Runs a SELECT outside a transaction.
    ///
    /// # Errors
    /// See [`failure::plain`].
    pub async fn select(&self, select: &SelectStatement) -> Result<Vec<QueryResult>, Error> {
        let statement = literal_limit(tx::exact(self.backend.build(select)));
        self.reader
            .query_all_raw(statement)
            .await
            .map_err(failure::plain)
    }

    /// The longest time one statement may run.
    #[must_use]
    pub fn statement_timeout(&self) -> Duration {
        self.statement_timeout
    }

    /// Begins a transaction that may write.
    ///
    /// # Errors
    /// 503 when no connection is to be had.
    pub async fn begin(&self) -> Result<Tx, Error> {
        let options = TransactionOptions {
            // A deferred transaction that turns into a writer fails at once with SQLITE_BUSY (A84).
            sqlite_transaction_mode: (self.backend == DbBackend::Sqlite)
                .then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.writer
            .begin_with_options(options)
            .await
            .map(Tx::new)
            .map_err(failure::plain)
    }

    /// Calls `callback` with every statement, for tests that count them.
    pub fn observe(
        &mut self,
        callback: impl Fn(&sea_orm::metric::Info<'_>) + Send + Sync + 'static,
    ) {
        let callback = Arc::new(callback);
        let other = Arc::clone(&callback);
        self.reader.set_metric_callback(move |info| callback(info));
        self.writer.set_metric_callback(move |info| other(info));
    }

    /// Answers the database.
    ///
    /// # Errors
    /// 503 when it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        self.reader.ping().await.map_err(failure::plain)
    }

    /// Closes all connections.
    pub async fn close(self) {
        let same = self.backend != DbBackend::Sqlite;
        let _ = self.reader.close().await;
        if !same {
            let _ = self.writer.close().await;
        }
    }
}

/// MariaDB takes seconds in `max_statement_time`, MySQL milliseconds in `max_execution_time`.
async fn limit_mysql(connection: &mut sqlx::MySqlConnection, millis: u128) -> sqlx::Result<()> {
    use sqlx::Executor as _;
    let seconds = millis / 1000;
    let rest = millis % 1000;
    let mariadb = format!("SET SESSION max_statement_time = {seconds}.{rest:03}");
    if connection
        .execute(sqlx::AssertSqlSafe(mariadb))
        .await
        .is_ok()
    {
        return Ok(());
    }
    let mysql = format!("SET SESSION max_execution_time = {millis}");
    connection
        .execute(sqlx::AssertSqlSafe(mysql))
        .await
        .map(|_| ())
}

/// Writes the number of a bound `LIMIT` into a PostgreSQL statement. A bound one hides from the
/// planner's generic plan how few rows are wanted: it then sorts the table instead of reading an
/// index from its end.
fn literal_limit(mut statement: Statement) -> Statement {
    let Some(values) = &mut statement.values else {
        return statement;
    };
    if statement.db_backend != DbBackend::Postgres {
        return statement;
    }
    let bound = format!(" LIMIT ${}", values.0.len());
    let Some(head) = statement.sql.strip_suffix(&bound) else {
        return statement;
    };
    if let Some(Value::BigUnsigned(Some(limit))) = values.0.last() {
        statement.sql = format!("{head} LIMIT {limit}");
        values.0.pop();
    }
    statement
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_limit_of_a_postgresql_statement_is_written_out() {
        let made = |backend, sql: &str, values: Vec<Value>| {
            literal_limit(Statement::from_sql_and_values(backend, sql, values))
        };
        let (sql, values) = (
            "SELECT 1 WHERE a = $1 LIMIT $2",
            vec![Value::from("x"), 26_u64.into()],
        );
        let written = made(DbBackend::Postgres, sql, values.clone());
        assert_eq!(written.sql, "SELECT 1 WHERE a = $1 LIMIT 26");
        assert_eq!(written.values.unwrap().0, [Value::from("x")]);
        assert_eq!(made(DbBackend::Sqlite, sql, values).sql, sql);
        let text = "SELECT 1 WHERE a = $1 LIMIT $2 OFFSET $3";
        let values = vec![Value::from("x"), 26_u64.into(), 25_u64.into()];
        assert_eq!(made(DbBackend::Postgres, text, values).sql, text);
    }
}
