//! What goes wrong inside, or on the other side, while a request is under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use poem::http::Method;
use quarterdeck::app::AppBuilder;
use quarterdeck::error::Error;
use quarterdeck::hook::{Hook, Write};
use quarterdeck::http::Call;
use quarterdeck::model::patch::Changes;
use quarterdeck::model::{ModelMeta, Verb};
use quarterdeck::plugin::{Guard, Manifest, Plugin, PluginRoute, Settings};
use quarterdeck::store::{Db, Tx};
use sea_orm::{ConnectionTrait as _, DbBackend, Value};
use serde_json::{Value as Json, json};
use tokio::sync::Barrier;

use crate::auth::number;
use crate::house::tuned::{On, built, tuned};

use super::wire::{Wire, head};

fn author(slug: &str) -> Json {
    json!({"name": "Ada", "slug": slug, "country": "GB"})
}

fn text(write: &Write<'_>, changes: &Changes, name: &str) -> String {
    let field = write.model.field(name).expect("a field");
    match write.coming(changes, field) {
        Some(Value::String(Some(text))) => text.clone(),
        _ => String::new(),
    }
}

/// Panics for authors of certain slugs.
struct Panicky;

#[async_trait]
impl Hook for Panicky {
    fn id(&self) -> &'static str {
        "panicky"
    }

    fn concerns(&self, model: &ModelMeta) -> bool {
        model.slug == "author"
    }

    async fn before(&self, _: &Tx, write: &Write<'_>, changes: &mut Changes) -> Result<(), Error> {
        assert_ne!(text(write, changes, "slug"), "before", "secret of the hook");
        Ok(())
    }

    async fn after(&self, _: &Tx, write: &Write<'_>) -> Result<(), Error> {
        let field = write.model.field("slug").expect("a field");
        let after = write.after.map(|row| &row[field]);
        assert_ne!(after, Some(&Value::from("after")), "secret of the hook");
        Ok(())
    }

    fn committed(&self, _: &ModelMeta, verb: Verb) {
        assert_ne!(verb, Verb::Delete, "secret of the hook");
    }
}

/// A plugin whose route panics.
struct Bomb;

impl Plugin for Bomb {
    fn manifest(&self) -> Manifest {
        Manifest {
            name: "bomb",
            version: "1.0.0",
            public_api: true,
            prefix: None,
            requires: &[],
            settings: &[],
        }
    }

    fn install(&self, app: AppBuilder) -> AppBuilder {
        app
    }

    fn routes(&self, _: Arc<Settings>) -> Vec<PluginRoute> {
        let route = PluginRoute::new(Method::GET, "/go", Guard::Open, async |call: Call| {
            let none: Option<poem::Response> = call.request.data::<u8>().map(|_| unreachable!());
            Ok(none.expect("secret of the handler"))
        });
        vec![route]
    }
}

#[tokio::test]
async fn d17_r59_a_panic_in_a_hook_or_a_handler_is_a_500_with_an_id_and_nothing_else_suffers() {
    let name =
        "d17_r59_a_panic_in_a_hook_or_a_handler_is_a_500_with_an_id_and_nothing_else_suffers";
    let build = |b: AppBuilder| b.hook(Panicky).plugin(Bomb);
    built(
        name,
        On::Each,
        |_| {},
        build,
        async |app| {
            let admin = app.login("admin").await;
            let check = |(status, problem): (u16, Json)| {
                assert_eq!(status, 500, "{problem}");
                assert!(problem["request_id"].as_str().unwrap().len() >= 16);
                let text = problem.to_string();
                for word in ["secret", "panic", ".rs", "src/", "SQL", "assert"] {
                    assert!(!text.contains(word), "{text}");
                }
            };
            // More often than there are connections in the pool.
            for _ in 0..8 {
                check(admin.send("POST", "/api/v1/author", author("before")).await);
                check(admin.send("POST", "/api/v1/author", author("after")).await);
                check(admin.get("/api/bomb/go").await);
            }
            let db = app.app.engine.db();
            assert_eq!(number(db, "SELECT COUNT(*) FROM author").await, 0);
            let (status, made) = admin.send("POST", "/api/v1/author", author("fine")).await;
            assert_eq!(status, 201, "{made}");
            check_whole(db).await;
            no_open_transactions(db).await;
        },
    )
    .await;
}

#[tokio::test]
async fn d17_a_panic_after_the_commit_does_not_make_a_done_write_look_undone() {
    let name = "d17_a_panic_after_the_commit_does_not_make_a_done_write_look_undone";
    built(
        name,
        On::Sqlite,
        |_| {},
        |b| b.hook(Panicky),
        async |app| {
            let admin = app.login("admin").await;
            let (_, made) = admin.send("POST", "/api/v1/author", author("fine")).await;
            let path = format!("/api/v1/author/{}", made["id"]);
            assert_eq!(admin.send("DELETE", &path, Json::Null).await.0, 204);
        },
    )
    .await;
}

/// Every author was made by a write that the audit knows, and the other way round.
async fn check_whole(db: &Db) {
    let authors = number(db, "SELECT COUNT(*) FROM author").await;
    let written = "SELECT COUNT(*) FROM qd_audit WHERE model = 'author' AND verb = 'create'";
    assert_eq!(authors, number(db, written).await);
    let orphans = match db.backend() {
        DbBackend::Postgres => {
            "SELECT COUNT(*) FROM author WHERE id::text NOT IN \
                                (SELECT record_id FROM qd_audit WHERE model = 'author')"
        }
        _ => {
            "SELECT COUNT(*) FROM author WHERE CAST(id AS CHAR) NOT IN \
              (SELECT record_id FROM qd_audit WHERE model = 'author')"
        }
    };
    assert_eq!(number(db, orphans).await, 0);
}

/// Waits until nobody holds a transaction.
async fn no_open_transactions(db: &Db) {
    let open = match db.backend() {
        // There is one writer; that it answers says that nobody else has it.
        DbBackend::Sqlite => return drop(db.begin().await.unwrap()),
        DbBackend::Postgres => {
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND state LIKE 'idle in transaction%'"
        }
        _ => {
            "SELECT COUNT(*) FROM information_schema.innodb_trx t \
             JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id \
             WHERE p.db = DATABASE() AND p.id <> CONNECTION_ID()"
        }
    };
    let waiting = async {
        while number(db, open).await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    waited.expect("no transaction stays open");
}

#[tokio::test(flavor = "multi_thread")]
async fn d16_clients_that_go_away_leak_nothing_and_each_write_is_whole_or_absent() {
    let name = "d16_clients_that_go_away_leak_nothing_and_each_write_is_whole_or_absent";
    tuned(
        name,
        On::Each,
        |_| {},
        async |app| {
            let token = {
                use quarterdeck::auth::tokens::{NewToken, create};
                let new = NewToken {
                    user_id: 1,
                    name: "test".to_owned(),
                    scopes: None,
                    expires_at: None,
                };
                create(app.app.engine.db(), new)
                    .await
                    .unwrap()
                    .expose()
                    .to_owned()
            };
            let key = format!("X-API-Key: {token}");
            let gone = |n: usize, patience: u64| {
                let key = key.clone();
                async move {
                    let body = author(&format!("gone-{n}")).to_string();
                    let length = format!("Content-Length: {}", body.len());
                    let headers = ["Content-Type: application/json", &length, &key];
                    let text = head(app, "POST /api/v1/author HTTP/1.1", &headers) + &body;
                    let mut wire = Wire::open(app).await;
                    // Some go away in the head, some in the body, most while they wait.
                    let cut = match n % 5 {
                        0 => text.len() / 2,
                        1 => text.len() - 5,
                        _ => text.len(),
                    };
                    wire.send(&text[..cut]).await;
                    tokio::time::sleep(Duration::from_millis(patience * (n as u64 % 10))).await;
                }
            };
            let db = app.app.engine.db();
            // With more and more patience, until some have reached the database.
            for round in 0.. {
                let begin = round * 50;
                join_all((begin..begin + 50).map(|n| gone(n, round as u64))).await;
                if round >= 9 && number(db, "SELECT COUNT(*) FROM author").await > 0 {
                    break;
                }
            }
            // The pool is whole: more at once than it has connections.
            let admin = app.login("admin").await;
            let all = (0..40)
                .map(|n| admin.send("POST", "/api/v1/author", author(&format!("stays-{n}"))));
            for (status, made) in join_all(all).await {
                assert_eq!(status, 201, "{made}");
            }
            no_open_transactions(db).await;
            check_whole(db).await;
        },
    )
    .await;
}

/// Has two writes take each other's row, once both have their own.
struct Crossing {
    both: Barrier,
    calls: Arc<AtomicUsize>,
}

#[async_trait]
impl Hook for Crossing {
    fn id(&self) -> &'static str {
        "crossing"
    }

    fn concerns(&self, model: &ModelMeta) -> bool {
        model.slug == "author"
    }

    async fn before(&self, tx: &Tx, write: &Write<'_>, changes: &mut Changes) -> Result<(), Error> {
        if write.verb != Verb::Patch {
            return Ok(());
        }
        if self.calls.fetch_add(1, Ordering::SeqCst) < 2 {
            self.both.wait().await;
        }
        let slug = text(write, changes, "slug");
        let other = if slug == "a" { "b" } else { "a" };
        let sql = format!("UPDATE author SET biography = 'by {slug}' WHERE slug = '{other}'");
        let done = tx.execute_unprepared(&sql).await;
        done.map(|_| ()).map_err(quarterdeck::store::failure::plain)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d28_two_writes_in_each_others_way_are_tried_again_and_both_succeed() {
    let name = "d28_two_writes_in_each_others_way_are_tried_again_and_both_succeed";
    let calls = Arc::new(AtomicUsize::new(0));
    let build = |b: AppBuilder| {
        b.hook(Crossing {
            both: Barrier::new(2),
            calls: Arc::clone(&calls),
        })
    };
    built(
        name,
        On::Each,
        |_| {},
        build,
        async |app| {
            // SQLite has one writer: there is no other way to be in.
            if app.app.engine.db().backend() == DbBackend::Sqlite {
                return;
            }
            calls.store(0, Ordering::SeqCst);
            let admin = app.login("admin").await;
            let mut paths = Vec::new();
            for slug in ["a", "b"] {
                let (_, made) = admin.send("POST", "/api/v1/author", author(slug)).await;
                paths.push(format!("/api/v1/author/{}", made["id"]));
            }
            let patch = |path| admin.send("PATCH", path, json!({"name": "Grace"}));
            let (one, two) = tokio::join!(patch(&paths[0]), patch(&paths[1]));
            assert_eq!((one.0, two.0), (200, 200), "{} {}", one.1, two.1);
            let calls = calls.load(Ordering::SeqCst);
            assert!(calls >= 3, "{calls}: one of them was tried again");
            let db = app.app.engine.db();
            let written = "SELECT COUNT(*) FROM qd_audit WHERE model = 'author' AND verb = 'patch'";
            assert_eq!(number(db, written).await, 2);
        },
    )
    .await;
}
