//! The application with settings of a test's own.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::FutureExt as _;
use quarterdeck::app::AppBuilder;
use quarterdeck::config::Config;
use serde_json::json;

use super::app::{TestApp, config};
use super::{Fresh, fresh, on_sqlite};

/// Which databases a test needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// What is tested does not reach the database.
    Sqlite,
    /// What is tested is done by the database too.
    Each,
}

/// Runs `body` on the demo's models with settings changed by `tune`, with the superuser `admin`
/// made.
pub(crate) async fn tuned(
    test: &str,
    on: On,
    tune: impl Fn(&mut Config),
    body: impl AsyncFnMut(&TestApp),
) {
    built(test, on, tune, |b| b, body).await;
}

/// The same with more registered.
pub(crate) async fn built(
    test: &str,
    on: On,
    tune: impl Fn(&mut Config),
    build: impl Fn(AppBuilder) -> AppBuilder,
    mut body: impl AsyncFnMut(&TestApp),
) {
    let databases: Vec<Fresh> = match on {
        On::Sqlite => vec![on_sqlite()],
        On::Each => fresh(test).await,
    };
    for database in databases {
        let mut settings = config(&database.url);
        tune(&mut settings);
        let app = TestApp::start(settings, |b| build(quarterdeck::demo::register(b))).await;
        app.user("admin", true, json!([])).await;
        let backend = app.app.engine.db().backend();
        let outcome = AssertUnwindSafe(body(&app)).catch_unwind().await;
        app.stop().await;
        database.remove().await;
        if let Err(panic) = outcome {
            eprintln!("{test} failed on {backend:?}");
            resume_unwind(panic);
        }
    }
}
