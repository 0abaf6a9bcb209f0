//! The pool of connections on each database.

use std::time::Duration;

use quarterdeck::store::failure::{Failure, classify};
use quarterdeck::store::{Db, DbSettings};
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement};

use crate::house::fresh;

/// Two places, so that one that is never given back is soon missed.
pub(super) async fn on_few_connections(test: &str, body: impl AsyncFn(Db)) {
    for database in fresh(test).await {
        let settings = DbSettings {
            url: database.url.clone(),
            max_connections: 2,
            statement_timeout: Duration::from_secs(1),
            acquire_timeout: Duration::from_secs(20),
            sqlite_full_sync: false,
        };
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
    on_few_connections(name, async |db| {
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
