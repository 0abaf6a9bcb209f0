//! Many writers at once, on two nodes; and one that holds what another needs.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use quarterdeck::config::Config;
use sea_orm::{ConnectionTrait as _, DbBackend};
use serde_json::{Value as Json, json};

use crate::api::sample::call;
use crate::auth::number;
use crate::house::app::{Session, TestApp, config};
use crate::house::fresh;
use crate::house::tuned::{On, tuned};

/// How long they write: `QUARTERDECK_TEST_SECONDS`, or as long as is quick.
fn how_long() -> Duration {
    let asked = std::env::var("QUARTERDECK_TEST_SECONDS").ok();
    Duration::from_secs(asked.and_then(|n| n.parse().ok()).unwrap_or(3))
}

fn author(slug: &str) -> Json {
    json!({"name": "Ada", "slug": slug, "country": "GB"})
}

/// Changes an author of its own again and again; how often.
async fn write(session: &Session<'_>, writer: usize) -> i64 {
    let made = session.send("POST", "/api/v1/author", author(&format!("w{writer}")));
    let (status, made) = made.await;
    assert_eq!(status, 201, "{made}");
    let path = format!("/api/v1/author/{}", made["id"]);
    let (begun, mut times) = (Instant::now(), 0);
    // So often at least, however long each takes.
    while times < 10 || begun.elapsed() < how_long() {
        let change = json!({"name": format!("name {times}")});
        let (status, body) = session.send("PATCH", &path, change).await;
        assert_eq!(status, 200, "{body}");
        times += 1;
        if times % 10 == 0 {
            let (status, page) = session.get("/api/v1/author?count=exact").await;
            assert_eq!(status, 200, "{page}");
        }
    }
    times
}

#[tokio::test(flavor = "multi_thread")]
async fn a84_sixteen_writers_on_two_nodes_never_find_the_database_locked() {
    let name = "a84_sixteen_writers_on_two_nodes_never_find_the_database_locked";
    for database in fresh(name).await {
        let start = || TestApp::start(config(&database.url), quarterdeck::demo::register);
        let (one, two) = (start().await, start().await);
        one.user("admin", true, json!([])).await;
        let nodes = [one.login("admin").await, two.login("admin").await];
        let times = join_all((0..16).map(|w| write(&nodes[w % 2], w))).await;
        let all: i64 = times.iter().sum();
        let db = one.app.engine.db();
        println!("{}: {all} changes, {times:?}", db.kind());
        let written = "SELECT COUNT(*) FROM qd_audit WHERE model = 'author' AND verb = 'patch'";
        assert_eq!(number(db, written).await, all);
        drop(nodes);
        two.stop().await;
        one.stop().await;
        database.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a84_a_write_that_waited_for_anothers_row_is_told_to_try_again() {
    let name = "a84_a_write_that_waited_for_anothers_row_is_told_to_try_again";
    let hasty = |c: &mut Config| c.database.statement_timeout = Duration::from_secs(4);
    tuned(name, On::Each, hasty, async |app| {
        let db = app.app.engine.db();
        // SQLite has one writer, whatever its row.
        if db.backend() == DbBackend::Sqlite {
            return;
        }
        let admin = app.login("admin").await;
        let made = app.make("author", author("ada")).await;
        let path = format!("/api/v1/author/{}", made["id"]);
        let held = db.begin().await.expect("a transaction");
        let hold = "UPDATE author SET name = 'held'";
        held.execute_unprepared(hold).await.expect("the row");
        let change = json!({"name": "Grace"});
        let waited = call(&admin, ("PATCH", &path), &[], Some(&change)).await;
        assert_eq!(waited.status, 503, "{}", waited.text);
        assert_eq!(waited.json()["code"], "locked", "{}", waited.text);
        assert!(!waited.header("retry-after").is_empty());
        held.rollback().await.expect("the row is free");
        let again = call(&admin, ("PATCH", &path), &[], Some(&change)).await;
        assert_eq!(again.status, 200, "{}", again.text);
    })
    .await;
}
