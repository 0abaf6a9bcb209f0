//! An application that nobody serves, so that the only sealer is the test's.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt as _;
use quarterdeck::app::App;
use quarterdeck::audit::{Finding, Report, verify};
use quarterdeck::crud::Context;
use quarterdeck::model::Input;
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement};
use serde_json::json;

use crate::house::app::config;
use crate::house::fresh;

/// Runs `body` on an application over a fresh database of every back end.
pub(super) async fn on_each(test: &str, mut body: impl AsyncFnMut(&App)) {
    for database in fresh(test).await {
        let builder = quarterdeck::demo::register(App::builder(config(&database.url)));
        let app = builder.build().await.expect("an application");
        let backend = app.engine.db().backend();
        let outcome = AssertUnwindSafe(body(&app)).catch_unwind().await;
        app.engine.db().clone().close().await;
        database.remove().await;
        if let Err(panic) = outcome {
            eprintln!("{test} failed on {backend:?}");
            resume_unwind(panic);
        }
    }
}

/// Writes so many records, each with its audit row.
pub(super) async fn write(app: &App, records: u32) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let author = app.engine.model("author").expect("a model").id;
    for _ in 0..records {
        let slug = format!("a{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let body = json!({"name": "Ζωή", "slug": slug, "country": "GR"});
        let made = app
            .engine
            .create(&Context::operator(), author, Input::from(&body))
            .await;
        made.expect("an author");
    }
}

/// Runs a statement in a transaction of its own, past every operation.
pub(super) async fn run(app: &App, sql: &str) -> Result<(), DbErr> {
    let tx = app.engine.db().begin().await.expect("a transaction");
    match tx.execute_unprepared(sql).await {
        Ok(_) => tx.commit().await,
        Err(error) => {
            tx.rollback().await?;
            Err(error)
        }
    }
}

/// As [`run`], of statements that are to work.
pub(super) async fn must(app: &App, statements: &[&str]) {
    for sql in statements {
        run(app, sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    }
}

/// What somebody does who owns the tables.
pub(super) async fn drop_triggers(app: &App) {
    for table in ["qd_audit", "qd_audit_seal"] {
        match app.engine.db().backend() {
            DbBackend::Postgres => {
                let sql = format!("ALTER TABLE {table} DISABLE TRIGGER USER");
                must(app, &[&sql]).await;
            }
            _ => {
                for change in ["update", "delete"] {
                    must(app, &[&format!("DROP TRIGGER {table}_no_{change}")]).await;
                }
            }
        }
    }
}

/// The number that a query gives.
pub(super) async fn number(app: &App, sql: &str) -> i64 {
    let db = app.engine.db();
    let statement = Statement::from_string(db.backend(), sql);
    let rows = db.reader().query_all_raw(statement).await.expect(sql);
    rows[0].try_get_by_index(0).expect("a number")
}

/// The text that a query gives.
pub(super) async fn text(app: &App, sql: &str) -> String {
    let db = app.engine.db();
    let statement = Statement::from_string(db.backend(), sql);
    let rows = db.reader().query_all_raw(statement).await.expect(sql);
    rows[0].try_get_by_index(0).expect("a text")
}

pub(super) async fn verified(app: &App, head: Option<&str>) -> Result<Report, Finding> {
    let found = verify(app.engine.db(), app.seal_key(), head).await;
    found.expect("an answer of the database")
}

/// Puts a copy of the first audit row at a number of its own.
pub(super) async fn put(app: &App, id: i64) {
    let sql = format!(
        "INSERT INTO qd_audit (id, at, door, request_id, verb, model, record_id, changes) \
         SELECT {id}, at, door, request_id, verb, model, record_id, changes \
         FROM qd_audit WHERE id = 1"
    );
    must(app, &[&sql]).await;
}
