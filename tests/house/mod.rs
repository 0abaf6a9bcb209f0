//! The harness: a fresh database on each back end, for one test, and gone afterwards.
//!
//! SQLite is a file in a temporary folder. PostgreSQL and MariaDB are the private servers that
//! `QUARTERDECK_TEST_POSTGRES` and `QUARTERDECK_TEST_MYSQL` name (`tests/tools/servers.sh` starts
//! them); where one is not set the test says SKIPPED and passes over that back end.

pub(crate) mod app;
pub(crate) mod property;
pub(crate) mod tuned;

use std::env;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use quarterdeck::store::{Db, DbSettings};
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection};
use tempfile::TempDir;

/// A server that may be there: the variable that names it, the database that is always on it, and
/// how a new one is made.
const SERVERS: [(&str, &str, &str); 2] = [
    // A language's own order, so that a column which forgot its collation is noticed.
    (
        "QUARTERDECK_TEST_POSTGRES",
        "postgres",
        "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'",
    ),
    ("QUARTERDECK_TEST_MYSQL", "mysql", ""),
];

/// Runs `body` on a fresh database of every back end. The databases are dropped whether or not it
/// panics, and a panic names its back end.
pub(crate) async fn on_each(test: &str, mut body: impl AsyncFnMut(Db)) {
    for database in fresh(test).await {
        let db = connect(&database.url).await;
        let backend = db.backend();
        let outcome = AssertUnwindSafe(body(db.clone())).catch_unwind().await;
        db.close().await;
        database.remove().await;
        if let Err(panic) = outcome {
            eprintln!("{test} failed on {backend:?}");
            resume_unwind(panic);
        }
    }
}

/// One database, before anybody has connected to it.
pub(crate) struct Fresh {
    pub(crate) url: String,
    server: Option<(String, String)>,
    _folder: Option<TempDir>,
}

/// A SQLite database that is not there yet.
pub(crate) fn on_sqlite() -> Fresh {
    let folder = TempDir::new().expect("a temporary folder");
    Fresh {
        url: format!("sqlite://{}", folder.path().join("test.sqlite").display()),
        server: None,
        _folder: Some(folder),
    }
}

pub(crate) async fn fresh(test: &str) -> Vec<Fresh> {
    let mut all = vec![on_sqlite()];
    for (variable, home, rules) in SERVERS {
        let Ok(base) = env::var(variable) else {
            println!("SKIPPED {test}: {variable} is not set");
            continue;
        };
        let base = base.trim_end_matches('/');
        let name = name();
        let admin = admin(&format!("{base}/{home}")).await;
        let create = format!("CREATE DATABASE {name} {rules}");
        admin
            .execute_unprepared(&create)
            .await
            .expect("a new database");
        admin.close().await.expect("closed");
        all.push(Fresh {
            url: format!("{base}/{name}"),
            server: Some((format!("{base}/{home}"), name)),
            _folder: None,
        });
    }
    all
}

impl Fresh {
    pub(crate) async fn remove(self) {
        let Some((url, name)) = self.server else {
            return;
        };
        let admin = admin(&url).await;
        let drop = format!("DROP DATABASE {name}");
        admin.execute_unprepared(&drop).await.expect("dropped");
        admin.close().await.expect("closed");
    }
}

/// A name no other test of this run, and no other run, has.
fn name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let id = uuid::Uuid::now_v7().simple();
    format!("qd_{id}_{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

async fn admin(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("the test server")
}

/// How a database is opened by a test that has patience.
pub(crate) fn settings(url: String) -> DbSettings {
    DbSettings {
        url,
        max_connections: 4,
        statement_timeout: Duration::from_secs(60),
        acquire_timeout: Duration::from_secs(30),
        writer_timeout: Duration::from_secs(30),
        sqlite_full_sync: false,
    }
}

async fn connect(url: &str) -> Db {
    let db = Db::connect(&settings(url.to_owned())).await;
    db.expect("a connection")
}

/// How many random cases a property is tried on: `PROPTEST_CASES`, or as many as are quick.
pub(crate) fn cases(quick: u32) -> proptest::test_runner::Config {
    let asked = env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    proptest::test_runner::Config {
        cases: asked.unwrap_or(quick),
        failure_persistence: None,
        ..proptest::test_runner::Config::default()
    }
}
