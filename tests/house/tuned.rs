//! The application with settings of a test's own.

use quarterdeck::app::AppBuilder;
use quarterdeck::config::Config;

use super::app::{TestApp, config, on_apps};
use super::{Fresh, fresh, on_sqlite};

/// Which databases a test needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// What is tested does not reach the database.
    Sqlite,
    /// What is tested is done by the database too.
    Each,
}

/// The settings as [`config`] has them.
pub(crate) fn as_it_is(_: &mut Config) {}

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
    body: impl AsyncFnMut(&TestApp),
) {
    let databases: Vec<Fresh> = match on {
        On::Sqlite => vec![on_sqlite()],
        On::Each => fresh(test).await,
    };
    let settings = |url: &str| {
        let mut settings = config(url);
        tune(&mut settings);
        settings
    };
    let build = |b| build(quarterdeck::demo::register(b));
    on_apps(test, databases, settings, build, body).await;
}
