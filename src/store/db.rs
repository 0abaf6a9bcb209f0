//! Connections. On SQLite one connection writes and the others only read; on PostgreSQL and
//! MariaDB/MySQL one pool does both. Every transaction begins here.

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, QueryResult, RuntimeErr,
    SqlxMySqlConnector, SqlxPostgresConnector, SqlxSqliteConnector, Statement, Value,
};
use sqlx::ConnectOptions as _;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use crate::error::{Error, Kind};

use super::connection::Options;
use super::failure::{self, Failure};
use super::file;
use super::pool::Pool;
use super::tx::Tx;
use super::whole::Whole;

/// Prepared statements that a connection keeps.
const PREPARED: usize = 500;

/// Rows that SQLite's writer may have ready before they are taken: about as many as a statement that
/// inserts many gives back. Each time it must wait for that, two threads are woken.
const RETURNED: usize = 512;

/// KiB of changed pages that SQLite's writer keeps in memory. With its usual 2 MiB it writes the pages of a
/// large transaction to the log again and again.
const CHANGED: u32 = 16 * 1024;

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
    /// SQLite: longest time to wait for the one connection that writes.
    pub writer_timeout: Duration,
    /// SQLite: whether a commit waits for the disk (`synchronous=FULL`).
    pub sqlite_full_sync: bool,
}

/// The database.
#[derive(Debug, Clone)]
pub struct Db {
    reader: Pool,
    writer: Pool,
    migrations: DatabaseConnection,
    statement_timeout: Duration,
}

impl Db {
    /// Connects, creating a SQLite file that is not there.
    ///
    /// # Errors
    /// What the database said; a SQLite library that is not safe to use.
    pub async fn connect(settings: &DbSettings) -> Result<Self, Error> {
        let cannot = |e: DbErr| {
            Error::unavailable("database", "The database cannot be reached.", 5).because(e)
        };
        let options = options(settings).map_err(cannot)?;
        if let Options::Sqlite(o) = &options {
            file::check(o.get_filename()).await?;
        }
        let opened = Self::open(settings, options).await;
        let mut db = opened.map_err(|e| match failure::classify(&e) {
            Failure::Damaged => failure::plain(e),
            _ => cannot(e),
        })?;
        let version = db.version().await?;
        if db.backend() == DbBackend::Sqlite {
            check_version(&version)?;
        }
        db.writer.returning |= is_mariadb(&version);
        Ok(db)
    }

    /// Connects to a database that is there already: for who looks, and must not make what is missing.
    ///
    /// # Errors
    /// As [`Self::connect`]; a SQLite file that is not there.
    pub async fn connect_to_existing(settings: &DbSettings) -> Result<Self, Error> {
        if let Ok(Options::Sqlite(o)) = options(settings)
            && !is_in_memory(&settings.url)
            && !o.get_filename().exists()
        {
            let detail = format!("There is no database {}.", o.get_filename().display());
            return Err(Error::new(Kind::Unavailable, "database", detail));
        }
        Self::connect(settings).await
    }

    async fn open(settings: &DbSettings, options: Options) -> Result<Self, DbErr> {
        let patience = settings.statement_timeout;
        let shared = (
            usize::try_from(settings.max_connections).unwrap_or(usize::MAX),
            settings.acquire_timeout,
        );
        let migrations = migrations(options.clone());
        let (writer, reader) = match options {
            Options::Sqlite(o) => {
                let one = (1, settings.writer_timeout);
                let wide = o.clone().row_buffer_size(RETURNED);
                let wide = wide.pragma("cache_size", format!("-{CHANGED}"));
                // What a savepoint may give back would be in a file of its own in the system's folder.
                let wide = wide.pragma("temp_store", "MEMORY");
                let writer = Pool::new(Options::Sqlite(Box::new(wide)), one, patience)?;
                let reader = if is_in_memory(&settings.url) {
                    writer.clone()
                } else {
                    let o = o.read_only(true).create_if_missing(false);
                    Pool::new(Options::Sqlite(Box::new(o)), shared, patience)?
                };
                (writer, reader)
            }
            server @ (Options::Postgres(_) | Options::MySql(_)) => {
                let pool = Pool::new(server, shared, patience)?;
                (pool.clone(), pool)
            }
        };
        writer.ping().await?;
        Ok(Self {
            reader,
            writer,
            migrations,
            statement_timeout: settings.statement_timeout,
        })
    }

    /// What the database calls its version.
    async fn version(&self) -> Result<String, Error> {
        let sql = match self.backend() {
            DbBackend::Sqlite => "SELECT sqlite_version()",
            _ => "SELECT version()",
        };
        let statement = Statement::from_string(self.backend(), sql);
        let row = self.writer.query_one_raw(statement).await;
        row.map_err(failure::plain)?
            .ok_or_else(Error::not_found)
            .and_then(|r| r.try_get_by_index(0).map_err(failure::plain))
    }

    /// Which database this is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// What it is called: `sqlite`, `postgres` or `mariadb`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.backend() {
            DbBackend::Postgres => "postgres",
            DbBackend::MySql => "mariadb",
            _ => "sqlite",
        }
    }

    /// For reading outside a transaction.
    #[must_use]
    pub fn reader(&self) -> &Pool {
        &self.reader
    }

    /// A connection of its own for migrations, which manage their own transactions and may take
    /// their time.
    #[must_use]
    pub fn migrations(&self) -> &DatabaseConnection {
        &self.migrations
    }

    /// Runs a SELECT outside a transaction.
    ///
    /// # Errors
    /// See [`failure::plain`].
    pub async fn select(&self, select: &SelectStatement) -> Result<Vec<QueryResult>, Error> {
        self.try_select(select).await.map_err(failure::plain)
    }

    /// Runs a SELECT outside a transaction, for who has more to say of its failures.
    ///
    /// # Errors
    /// What the database said.
    pub async fn try_select(&self, select: &SelectStatement) -> Result<Vec<QueryResult>, DbErr> {
        let statement = literal_limit(self.backend().build(select));
        self.reader.query_all_raw(statement).await
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
        let begun = Tx::begin(&self.writer, false).await;
        begun.map_err(failure::plain)
    }

    /// Begins a transaction that may write what others write meanwhile, and then sees what they wrote,
    /// on MariaDB and MySQL too (READ COMMITTED, PostgreSQL's default).
    ///
    /// # Errors
    /// 503 when no connection is to be had.
    pub async fn begin_beside(&self) -> Result<Tx, Error> {
        let begun = Tx::begin(&self.writer, true).await;
        begun.map_err(failure::plain)
    }

    /// This database, all of whose transactions are parts of one.
    #[must_use]
    pub fn whole(&self) -> Whole {
        Whole::new(|whole| Self {
            reader: self.reader.within(whole),
            writer: self.writer.within(whole),
            ..self.clone()
        })
    }

    /// Calls `callback` with every statement that reads or writes, for tests that count them.
    pub fn observe(&mut self, callback: impl Fn(&Statement) + Send + Sync + 'static) {
        let callback = Arc::new(callback);
        self.reader.set_observer(callback.clone());
        self.writer.set_observer(callback);
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
        // Those that write last: who closes as the last empties SQLite's log into the file and takes it
        // away, which a connection that only reads cannot.
        self.reader.close().await;
        let _ = self.migrations.close().await;
        self.writer.close().await;
    }
}

fn check_version(version: &str) -> Result<(), Error> {
    if numbers(version) < SQLITE_FIXED {
        return Err(Error::internal(format!(
            "SQLite {version} can corrupt a database in WAL mode; 3.51.3 or newer is needed"
        )));
    }
    Ok(())
}

/// Whether this is a MariaDB whose INSERT knows RETURNING (10.5); MySQL's does not.
fn is_mariadb(version: &str) -> bool {
    version.contains("MariaDB") && numbers(version) >= (10, 5, 0)
}

fn numbers(version: &str) -> (u32, u32, u32) {
    let mut parts = version.split(['.', '-']);
    let mut next = || parts.next().and_then(|p| p.parse().ok()).unwrap_or(0);
    (next(), next(), next())
}

fn is_in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

/// How to connect, as the settings say.
fn options(settings: &DbSettings) -> Result<Options, DbErr> {
    parse(settings).map_err(|e| DbErr::Conn(RuntimeErr::SqlxError(e.into())))
}

fn parse(settings: &DbSettings) -> sqlx::Result<Options> {
    let url = &settings.url;
    if url.starts_with("sqlite:") {
        let synchronous = if settings.sqlite_full_sync {
            SqliteSynchronous::Full
        } else {
            SqliteSynchronous::Normal
        };
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .busy_timeout(Duration::from_secs(10))
            .statement_cache_capacity(PREPARED)
            .disable_statement_logging();
        return Ok(Options::Sqlite(Box::new(options)));
    }
    if url.starts_with("mysql:") || url.starts_with("mariadb:") {
        let options = MySqlConnectOptions::from_str(url)?
            .statement_cache_capacity(PREPARED)
            .disable_statement_logging();
        return Ok(Options::MySql(Box::new(options)));
    }
    let millis = settings.statement_timeout.as_millis();
    let options = PgConnectOptions::from_str(url)?
        .options([
            ("statement_timeout", millis.to_string()),
            ("lock_timeout", (millis * 9 / 10).max(1).to_string()),
            ("timezone", "UTC".into()),
        ])
        .statement_cache_capacity(PREPARED)
        .disable_statement_logging();
    Ok(Options::Postgres(Box::new(options)))
}

/// One connection, made when it is first used and not kept long.
fn migrations(options: Options) -> DatabaseConnection {
    fn alone<D: sqlx::Database>() -> PoolOptions<D> {
        PoolOptions::new()
            .max_connections(1)
            .idle_timeout(Duration::from_secs(5))
            .test_before_acquire(false)
    }
    match options {
        Options::Sqlite(o) => {
            SqlxSqliteConnector::from_sqlx_sqlite_pool(alone().connect_lazy_with(*o))
        }
        Options::Postgres(o) => {
            let o = o.options([("statement_timeout", "0"), ("lock_timeout", "0")]);
            SqlxPostgresConnector::from_sqlx_postgres_pool(alone().connect_lazy_with(o))
        }
        Options::MySql(o) => {
            SqlxMySqlConnector::from_sqlx_mysql_pool(alone().connect_lazy_with(*o))
        }
    }
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
    fn a_mariadb_is_told_from_a_mysql_by_its_version() {
        assert!(is_mariadb("10.11.14-MariaDB-0+deb12u2") && is_mariadb("10.5.0-MariaDB"));
        assert!(!is_mariadb("10.4.34-MariaDB") && !is_mariadb("8.4.3"));
    }

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
