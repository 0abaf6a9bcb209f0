//! One connection to a database, whichever driver it has: runs statements, knows whether its answer
//! is still to come and whether a transaction is open. Where connections are kept is `pool`'s affair.

mod transaction;

use std::time::Duration;

use futures_util::TryStreamExt as _;
use sea_orm::sea_query::Values;
use sea_orm::{DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

use self::transaction::Ahead;
use super::failure::{self, Failure};
use super::patience::Patience;
use super::pool::Stopper;
use super::stream::{self, Ended, Sink};

/// How to make a connection.
#[derive(Debug, Clone)]
pub(super) enum Options {
    /// A SQLite file.
    Sqlite(Box<SqliteConnectOptions>),
    /// A PostgreSQL server.
    Postgres(Box<PgConnectOptions>),
    /// A MariaDB or MySQL server.
    MySql(Box<MySqlConnectOptions>),
}

#[derive(Debug)]
enum Driver {
    Sqlite(SqliteConnection, Patience),
    Postgres(PgConnection),
    MySql(MySqlConnection),
}

impl Driver {
    async fn connect(options: &Options, patience: Duration) -> sqlx::Result<Self> {
        Ok(match options {
            Options::Sqlite(o) => {
                let mut connection = o.connect().await?;
                let patience = Patience::new(patience);
                patience.watch(&mut connection).await?;
                Self::Sqlite(connection, patience)
            }
            Options::Postgres(o) => Self::Postgres(o.connect().await?),
            Options::MySql(o) => {
                let mut connection = o.connect().await?;
                limit_mysql(&mut connection, patience).await?;
                Self::MySql(connection)
            }
        })
    }
}

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    driver: Driver,
    /// A statement was begun whose answer has not been read to its end.
    pub(super) busy: bool,
    /// A transaction was begun, or is just being begun, and has not ended.
    pub(super) open: bool,
    /// The other side is gone.
    pub(super) lost: bool,
    /// A statement of its transaction lost a race: the database may have taken all of it back.
    pub(super) raced: bool,
    /// Its statements have no time-out now; how the server calls the connection.
    pub(super) unlimited: Option<i64>,
    /// What SQLite is told together with the next statement. A thread runs its statements: each message to
    /// it, and each answer, wakes another thread.
    ahead: Option<Ahead>,
}

/// Runs `$act` on the driver's own connection, whichever it is.
macro_rules! with_driver {
    ($self:ident, $connection:ident => $act:expr) => {
        match &mut $self.driver {
            Driver::Sqlite($connection, _) => $act,
            Driver::Postgres($connection) => $act,
            Driver::MySql($connection) => $act,
        }
    };
}

impl Connection {
    /// Connects; no statement may run longer than `patience`.
    pub(super) async fn establish(options: &Options, patience: Duration) -> Result<Self, DbErr> {
        let driver = Driver::connect(options, patience).await;
        Ok(Self {
            driver: driver.map_err(|e| DbErr::Conn(RuntimeErr::SqlxError(e.into())))?,
            busy: false,
            open: false,
            lost: false,
            raced: false,
            unlimited: None,
            ahead: None,
        })
    }

    /// All rows of a statement.
    pub(super) async fn rows(&mut self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        if matches!(self.ahead, Some(Ahead::Begin)) {
            return self.first_rows(statement).await;
        }
        self.catch_up().await?;
        self.fetch(statement).await
    }

    async fn fetch(&mut self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let (sql, values) = parts(statement);
        self.start();
        let found = with_driver!(self, c => {
            let rows = sqlx::query_with(sql, values).fetch(&mut *c);
            rows.map_ok(QueryResult::from).try_collect::<Vec<_>>().await
        });
        self.settle(found.map_err(|e| DbErr::Query(RuntimeErr::SqlxError(e.into()))))
    }

    /// Runs a statement that gives no rows.
    pub(super) async fn execute(&mut self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.catch_up().await?;
        self.send(statement).await
    }

    async fn send(&mut self, statement: Statement) -> Result<ExecResult, DbErr> {
        let (sql, values) = parts(statement);
        self.start();
        let done = with_driver!(self, c => {
            sqlx::query_with(sql, values).execute(&mut *c).await.map(ExecResult::from)
        });
        self.settle(done.map_err(|e| DbErr::Exec(RuntimeErr::SqlxError(e.into()))))
    }

    /// Runs a text as it stands, of more than one statement perhaps.
    pub(super) async fn run(&mut self, sql: &str) -> Result<ExecResult, DbErr> {
        self.catch_up().await?;
        self.start();
        let done = with_driver!(self, c => {
            let sql = AssertSqlSafe(sql.to_owned());
            sqlx::raw_sql(sql).execute(&mut *c).await.map(ExecResult::from)
        });
        self.settle(done.map_err(|e| DbErr::Exec(RuntimeErr::SqlxError(e.into()))))
    }

    /// Runs a statement without a limit of time, and pours its rows into the sink; whether the database has
    /// come to its end with them.
    pub(super) async fn run_and_pour<S: Sink>(
        &mut self,
        statement: Statement,
        sink: &mut S,
        stopper: &Stopper<'_>,
    ) -> (Ended, bool) {
        let (sql, values) = parts(statement);
        self.start();
        let patience = match &self.driver {
            Driver::Sqlite(_, patience) => Some(patience.clone()),
            _ => None,
        };
        if let Some(patience) = &patience {
            patience.suspend();
        }
        with_driver!(self, c => {
            let rows = sqlx::query_with(sql, values).fetch(&mut *c).map_ok(QueryResult::from);
            let mut rows = rows.map_err(|e| DbErr::Query(RuntimeErr::SqlxError(e.into())));
            let ended = stream::pour(&mut rows, sink).await;
            if matches!(ended, Ended::Whole | Ended::Failed(_)) {
                return (ended, true);
            }
            if let Some(patience) = patience {
                patience.end();
            }
            let stopped = stream::drain(&mut rows, stopper).await;
            (ended, stopped)
        })
    }

    /// Takes the time-out off this connection's statements. SQLite's is its progress handler's: see
    /// [`Self::run_and_pour`].
    pub(super) async fn unlimit(&mut self) -> Result<(), DbErr> {
        let sql = match &mut self.driver {
            Driver::Sqlite(..) => return Ok(()),
            Driver::Postgres(_) => {
                "SELECT CAST(pg_backend_pid() AS bigint),                  set_config('statement_timeout', '0', false)"
            }
            Driver::MySql(_) => "SELECT CAST(CONNECTION_ID() AS SIGNED)",
        };
        self.unlimited = Some(0);
        self.set_limit(Duration::ZERO).await?;
        let found = self
            .rows(Statement::from_string(self.backend(), sql))
            .await?;
        let id = found.first().map(|row| row.try_get_by_index(0));
        self.unlimited = Some(id.transpose()?.unwrap_or_default());
        Ok(())
    }

    /// The statement that stops, from another connection, what this one runs.
    pub(super) fn stopping(&self) -> Option<String> {
        let id = self.unlimited?;
        match self.driver {
            Driver::Sqlite(..) => None,
            Driver::Postgres(_) => Some(format!("SELECT pg_cancel_backend({id})")),
            Driver::MySql(_) => Some(format!("KILL QUERY {id}")),
        }
    }

    /// Gives the connection's statements their time-out back.
    pub(super) async fn limit(&mut self, patience: Duration) -> Result<(), DbErr> {
        if let Driver::Postgres(_) = self.driver {
            let millis = patience.as_millis();
            self.run(&format!("SET statement_timeout = {millis}"))
                .await?;
        }
        self.set_limit(patience).await?;
        self.unlimited = None;
        Ok(())
    }

    async fn set_limit(&mut self, patience: Duration) -> Result<(), DbErr> {
        let Driver::MySql(connection) = &mut self.driver else {
            return Ok(());
        };
        let set = limit_mysql(connection, patience).await;
        set.map_err(|e| DbErr::Exec(RuntimeErr::SqlxError(e.into())))
    }

    fn backend(&self) -> DbBackend {
        match self.driver {
            Driver::Sqlite(..) => DbBackend::Sqlite,
            Driver::Postgres(_) => DbBackend::Postgres,
            Driver::MySql(_) => DbBackend::MySql,
        }
    }

    /// A statement without values: a simple query where there is such a thing, which costs the
    /// server less, a prepared one on SQLite, where preparing is the cost.
    async fn control(&mut self, sql: &'static str) -> Result<(), DbErr> {
        self.start();
        let done = match &mut self.driver {
            Driver::Sqlite(c, _) => c.execute(sqlx::query(sql)).await.map(drop),
            Driver::Postgres(c) => c.execute(sqlx::raw_sql(sql)).await.map(drop),
            Driver::MySql(c) => c.execute(sqlx::raw_sql(sql)).await.map(drop),
        };
        self.settle(done.map_err(|e| DbErr::Exec(RuntimeErr::SqlxError(e.into()))))
    }

    /// Whether the other side still answers; reads what it still owes.
    pub(super) async fn ping(&mut self) -> Result<(), DbErr> {
        // No statement: one that SQLite was told to give up must not get its time back.
        self.busy = true;
        let answered = with_driver!(self, c => c.ping().await);
        self.settle(answered.map_err(|e| DbErr::Conn(RuntimeErr::SqlxError(e.into()))))
    }

    /// Nobody waits for the answer any more: SQLite stops at once, a server when it is done.
    pub(super) fn give_up(&self) {
        if let Driver::Sqlite(_, patience) = &self.driver {
            patience.end();
        }
    }

    /// Says goodbye.
    pub(super) async fn close(self) {
        // The other side may be gone already; then there is nobody to tell.
        let _ = match self.driver {
            Driver::Sqlite(c, _) => c.close().await,
            Driver::Postgres(c) => c.close().await,
            Driver::MySql(c) => c.close().await,
        };
    }

    fn start(&mut self) {
        if let Driver::Sqlite(_, patience) = &self.driver {
            patience.begin();
        }
        self.busy = true;
    }

    fn settle<T>(&mut self, outcome: Result<T, DbErr>) -> Result<T, DbErr> {
        self.busy = false;
        if let Err(error) = &outcome {
            let failure = failure::classify(error);
            self.lost |= failure == Failure::Unavailable;
            self.raced |= failure == Failure::Retry;
        }
        outcome
    }
}

fn parts(statement: Statement) -> (AssertSqlSafe<String>, SqlxValues) {
    let values = statement.values.unwrap_or(Values(Vec::new()));
    // The compiler of queries makes the text; what callers send is in the values.
    (AssertSqlSafe(statement.sql), SqlxValues(values))
}

/// MariaDB takes seconds in `max_statement_time`, MySQL milliseconds in `max_execution_time`. Before that a
/// statement stops to wait for another's lock, which is told from one that takes too long itself.
async fn limit_mysql(connection: &mut MySqlConnection, patience: Duration) -> sqlx::Result<()> {
    let whole = (patience * 9 / 10).as_secs().max(1);
    let locks = format!("SET SESSION innodb_lock_wait_timeout = {whole}");
    connection.execute(AssertSqlSafe(locks)).await?;
    let seconds = patience.as_secs_f64();
    let mariadb = format!("SET SESSION max_statement_time = {seconds:.3}");
    if connection.execute(AssertSqlSafe(mariadb)).await.is_ok() {
        return Ok(());
    }
    let millis = patience.as_millis();
    let mysql = format!("SET SESSION max_execution_time = {millis}");
    connection.execute(AssertSqlSafe(mysql)).await.map(drop)
}
