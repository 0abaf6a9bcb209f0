//! What a transaction wrote stands as a whole or not at all, however its statements travel.

use quarterdeck::store::failure::{Failure, classify};
use quarterdeck::store::{Db, DbSettings};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::connections::on_each_with;
use crate::house::{fresh, settings};

async fn on_each(test: &str, body: impl AsyncFn(Db)) {
    let tune = |settings: &mut DbSettings| settings.max_connections = 1;
    on_each_with(test, tune, async |db| {
        let keep = "CREATE TABLE kept (id INTEGER PRIMARY KEY)";
        db.migrations().execute_unprepared(keep).await.unwrap();
        body(db).await;
    })
    .await;
}

fn insert(db: &Db, id: i32) -> Statement {
    let sql = format!("INSERT INTO kept VALUES ({id})");
    Statement::from_string(db.backend(), sql)
}

fn insert_and_return(db: &Db, id: i32) -> Statement {
    let sql = format!("INSERT INTO kept VALUES ({id}) RETURNING id");
    Statement::from_string(db.backend(), sql)
}

async fn ids(db: &Db, on: &impl ConnectionTrait) -> Vec<i32> {
    let all = Statement::from_string(db.backend(), "SELECT id FROM kept ORDER BY id");
    let rows = on.query_all_raw(all).await.unwrap();
    rows.iter().map(|r| r.try_get("", "id").unwrap()).collect()
}

#[tokio::test]
async fn a_transaction_whose_first_statement_failed_is_one_all_the_same() {
    let name = "a_transaction_whose_first_statement_failed";
    on_each(name, async |db| {
        let apart = db.migrations();
        let tx = db.begin().await.unwrap();
        tx.query_all_raw(insert_and_return(&db, 1)).await.unwrap();
        assert_eq!(ids(&db, apart).await, [0_i32; 0]);
        tx.commit().await.unwrap();
        assert_eq!(ids(&db, apart).await, [1]);
        let tx = db.begin().await.unwrap();
        let again = tx.query_all_raw(insert_and_return(&db, 1)).await;
        let refused = classify(&again.unwrap_err());
        assert!(matches!(refused, Failure::Unique(_)), "{refused:?}");
        // PostgreSQL's is over then, but for its end.
        if db.backend() != DbBackend::Postgres {
            tx.execute_raw(insert(&db, 2)).await.unwrap();
        }
        tx.rollback().await.unwrap();
        assert_eq!(ids(&db, apart).await, [1]);
        let tx = db.begin().await.unwrap();
        tx.execute_raw(insert(&db, 3)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ids(&db, apart).await, [1, 3]);
    })
    .await;
}

#[tokio::test]
async fn a_statement_that_is_held_stands_or_falls_with_its_transaction() {
    let name = "a_statement_that_is_held_stands_or_falls";
    on_each(name, async |db| {
        let apart = db.migrations();
        let tx = db.begin().await.unwrap();
        tx.hold(insert(&db, 1)).await.unwrap();
        assert_eq!(ids(&db, &tx).await, [1]);
        tx.hold(insert(&db, 2)).await.unwrap();
        tx.hold(insert(&db, 3)).await.unwrap();
        assert_eq!(ids(&db, apart).await, [0_i32; 0]);
        tx.commit().await.unwrap();
        assert_eq!(ids(&db, apart).await, [1, 2, 3]);

        let tx = db.begin().await.unwrap();
        tx.hold(insert(&db, 4)).await.unwrap();
        tx.rollback().await.unwrap();
        drop(db.begin().await.unwrap());
        let tx = db.begin().await.unwrap();
        tx.hold(insert(&db, 5)).await.unwrap();
        drop(tx);
        assert_eq!(ids(&db, apart).await, [1, 2, 3]);

        let tx = db.begin().await.unwrap();
        tx.execute_raw(insert(&db, 6)).await.unwrap();
        let held = tx.hold(insert(&db, 3)).await;
        let ended = match held {
            Ok(()) => tx.commit().await,
            Err(refused) => {
                drop(tx);
                Err(refused)
            }
        };
        let refused = classify(&ended.unwrap_err());
        assert!(matches!(refused, Failure::Unique(_)), "{refused:?}");
        let tx = db.begin().await.unwrap();
        assert_eq!(ids(&db, &tx).await, [1, 2, 3]);
        tx.commit().await.unwrap();
    })
    .await;
}

/// Another process writes: a transaction that cannot begin writes nothing, not even on its own.
#[tokio::test]
async fn a84_a_transaction_that_could_not_begin_begins_with_its_next_statement() {
    for database in fresh("a84_a_transaction_that_could_not_begin").await {
        let mut settings = settings(database.url.clone());
        settings.max_connections = 1;
        let db = Db::connect(&settings).await.unwrap();
        if db.backend() == DbBackend::Sqlite {
            let keep = "CREATE TABLE kept (id INTEGER PRIMARY KEY)";
            db.migrations().execute_unprepared(keep).await.unwrap();
            let process = Db::connect(&settings).await.unwrap();
            let other = process.begin().await.unwrap();
            other.execute_raw(insert(&db, 9)).await.unwrap();
            let tx = db.begin().await.unwrap();
            let waited = tx.query_all_raw(insert_and_return(&db, 1)).await;
            assert_eq!(classify(&waited.unwrap_err()), Failure::Retry);
            other.rollback().await.unwrap();
            tx.query_all_raw(insert_and_return(&db, 2)).await.unwrap();
            tx.rollback().await.unwrap();
            let tx = db.begin().await.unwrap();
            assert_eq!(ids(&db, &tx).await, [0_i32; 0]);
            tx.commit().await.unwrap();
            process.close().await;
        }
        db.close().await;
        database.remove().await;
    }
}
