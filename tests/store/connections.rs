//! The pool of connections on each database.

use std::pin::pin;
use std::time::Duration;

use futures_util::poll;
use quarterdeck::store::failure::{Failure, classify};
use quarterdeck::store::{Db, DbSettings};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use crate::house::{fresh, settings};

/// Two places, so that one that is never given back is soon missed.
pub(super) async fn on_few_connections(test: &str, body: impl AsyncFn(Db)) {
    on_each_with(test, |_| {}, body).await;
}

pub(super) async fn on_each_with(
    test: &str,
    tune: impl Fn(&mut DbSettings),
    body: impl AsyncFn(Db),
) {
    for database in fresh(test).await {
        let mut settings = settings(database.url.clone());
        settings.max_connections = 2;
        settings.statement_timeout = Duration::from_secs(1);
        tune(&mut settings);
        let db = Db::connect(&settings).await.unwrap();
        println!("{test} on {:?}", db.backend());
        body(db.clone()).await;
        db.close().await;
        database.remove().await;
    }
}

/// A statement whose end nobody waits for.
pub(super) fn endless(db: &Db) -> Statement {
    let sql = match db.backend() {
        DbBackend::Sqlite => {
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"
        }
        DbBackend::Postgres => "SELECT COUNT(*) FROM generate_series(1, 1000000000000)",
        _ => {
            "SELECT COUNT(*) FROM information_schema.collations a, information_schema.collations b, \
             information_schema.collations c, information_schema.collations d"
        }
    };
    Statement::from_string(db.backend(), sql)
}

pub(super) async fn answers(db: &Db) -> Result<(), DbErr> {
    let one = Statement::from_string(db.backend(), "SELECT 1");
    db.reader().query_one_raw(one).await.map(drop)
}

#[tokio::test]
async fn r51_a_statement_that_runs_too_long_is_ended() {
    on_few_connections("r51_a_statement_that_runs_too_long_is_ended", async |db| {
        for _ in 0..3 {
            let refused = db.reader().query_all_raw(endless(&db)).await.unwrap_err();
            assert_eq!(classify(&refused), Failure::Timeout, "{refused:?}");
            answers(&db).await.unwrap();
        }
        let tx = db.begin().await.unwrap();
        let refused = tx.query_all_raw(endless(&db)).await.unwrap_err();
        assert_eq!(classify(&refused), Failure::Timeout, "{refused:?}");
        tx.rollback().await.unwrap();
        db.begin().await.unwrap().commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn d16_a_connection_comes_back_from_a_caller_that_went_away() {
    let name = "d16_a_connection_comes_back_from_a_caller_that_went_away";
    // A server goes on until the statement's time is over; SQLite stops as soon as nobody waits,
    // long before the next caller has waited too long.
    let patient = |settings: &mut DbSettings| {
        if settings.url.starts_with("sqlite:") {
            settings.statement_timeout = Duration::from_secs(60);
        }
    };
    on_each_with(name, patient, async |db| {
        for _ in 0..4 {
            let soon = Duration::from_millis(50);
            let statement = db.reader().query_all_raw(endless(&db));
            assert!(tokio::time::timeout(soon, statement).await.is_err());
        }
        answers(&db).await.unwrap();
        let keep = "CREATE TABLE kept (id INTEGER PRIMARY KEY)";
        db.migrations().execute_unprepared(keep).await.unwrap();
        for _ in 0..4 {
            let tx = db.begin().await.unwrap();
            let row = "INSERT INTO kept VALUES (1)";
            tx.execute_unprepared(row).await.unwrap();
            drop(tx);
        }
        let tx = db.begin().await.unwrap();
        let rows = Statement::from_string(db.backend(), "SELECT id FROM kept");
        assert!(tx.query_all_raw(rows).await.unwrap().is_empty());
        tx.commit().await.unwrap();
    })
    .await;
}

async fn rows(on: &impl ConnectionTrait, table: &str) -> usize {
    let backend = on.get_database_backend();
    let all = Statement::from_string(backend, format!("SELECT id FROM {table}"));
    on.query_all_raw(all).await.unwrap().len()
}

/// Looks so often whether it is done, and goes away.
async fn give_up_after(polls: usize, work: impl Future) {
    let mut work = pin!(work);
    for _ in 0..polls {
        if poll!(&mut work).is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// A transaction that nobody waited for is no transaction of whoever comes next, at whatever moment
/// the caller went away while it was begun or ended.
#[tokio::test]
async fn d16_a_transaction_whose_caller_went_away_is_not_left_open() {
    let name = "d16_a_transaction_whose_caller_went_away";
    let alone = |settings: &mut DbSettings| settings.max_connections = 1;
    on_each_with(name, alone, async |db| {
        let apart = db.migrations();
        let keep = "CREATE TABLE kept (id INTEGER PRIMARY KEY)";
        apart.execute_unprepared(keep).await.unwrap();
        let tx = db.begin().await.unwrap();
        let own = "CREATE TEMPORARY TABLE own (id INTEGER PRIMARY KEY)";
        tx.execute_unprepared(own).await.unwrap();
        tx.commit().await.unwrap();
        for attempt in 0..100 {
            give_up_after(attempt % 5 + 1, db.begin()).await;
            let ended = db.begin().await.unwrap();
            give_up_after(attempt % 5 + 1, ended.commit()).await;
            let write = format!("INSERT INTO kept VALUES ({attempt})");
            if db.backend() == DbBackend::Sqlite {
                let tx = db.begin().await.unwrap();
                tx.execute_unprepared(&write).await.unwrap();
                tx.commit().await.unwrap();
            } else {
                // Alone: MariaDB would commit an open transaction where another one begins.
                db.reader().execute_unprepared(&write).await.unwrap();
            }
            assert_eq!(rows(apart, "kept").await, attempt + 1);
        }
        if db.backend() == DbBackend::Postgres {
            let open = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() \
                        AND state LIKE 'idle in transaction%'";
            let open = Statement::from_string(db.backend(), open);
            assert!(apart.query_all_raw(open).await.unwrap().is_empty());
        }
        // All of it on the one connection: none was thrown away for it.
        let tx = db.begin().await.unwrap();
        assert_eq!(rows(&tx, "own").await, 0);
        tx.commit().await.unwrap();
    })
    .await;
}

/// Longer than the statements of these tests may run, and not endless.
fn long(db: &Db) -> Statement {
    let sql = match db.backend() {
        DbBackend::Sqlite => {
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000000) \
             SELECT COUNT(*) FROM n"
        }
        DbBackend::Postgres => "SELECT 1 FROM (SELECT pg_sleep(1.5)) AS slept",
        _ => "SELECT SLEEP(1.5)",
    };
    Statement::from_string(db.backend(), sql)
}

#[tokio::test]
async fn r51_a_migration_may_take_longer_than_a_statement() {
    let name = "r51_a_migration_may_take_longer_than_a_statement";
    let hasty = |settings: &mut DbSettings| settings.statement_timeout = Duration::from_millis(300);
    on_each_with(name, hasty, async |db| {
        let refused = db.reader().query_all_raw(long(&db)).await.unwrap_err();
        assert_eq!(classify(&refused), Failure::Timeout, "{refused:?}");
        let rows = db.migrations().query_all_raw(long(&db)).await.unwrap();
        assert_eq!(rows.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_the_server_ended_costs_one_request() {
    let name = "a_connection_that_the_server_ended_costs_one_request";
    on_few_connections(name, async |db| {
        let end = match db.backend() {
            DbBackend::Sqlite => return,
            DbBackend::Postgres => "SELECT pg_terminate_backend(pg_backend_pid())",
            _ => "KILL CONNECTION_ID()",
        };
        for _ in 0..3 {
            let refused = db.reader().execute_unprepared(end).await.unwrap_err();
            assert_eq!(classify(&refused), Failure::Unavailable, "{refused:?}");
            answers(&db).await.unwrap();
        }
    })
    .await;
}
