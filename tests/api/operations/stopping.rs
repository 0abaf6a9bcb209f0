//! Operations that are cancelled, that wait for their turn, and that end with the server.

use std::time::Duration;

use quarterdeck::crud::Engine;
use quarterdeck_entity::system::operation;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, DbBackend, EntityTrait as _, QueryFilter as _};
use serde_json::json;

use super::{CSV, Gate, LATER, begun, count, ended, file, import, left, row};
use crate::api::sample::call;
use crate::house::app::{TestApp, on_each_app};

/// Runs `body` with a gate on the databases with more than one connection that writes: beside the work
/// of an operation its row can be written there alone.
async fn beside(name: &str, body: impl AsyncFn(&TestApp, &Gate)) {
    let gate = Gate::shut();
    let hook = gate.clone();
    on_each_app(
        name,
        move |b| b.hook(hook.clone()),
        async |app| match app.app.engine.db().backend() {
            DbBackend::Sqlite => {}
            _ => body(app, &gate).await,
        },
    )
    .await;
}

#[tokio::test]
async fn only_so_many_operations_wait() {
    beside("only_so_many_operations_wait", async |app, gate| {
        let admin = app.login("admin").await;
        let held = async |slug: &str| {
            let file = format!("name,slug,country\nA,{slug},GB\n");
            let path = begun(&import(&admin, "author", CSV, file, &LATER).await);
            gate.reached().await;
            path
        };
        let (first, second) = (held("a700").await, held("a700b").await);
        let other = |n: usize| format!("name,slug,country\nB,b{n},GB\n");
        let mut begun_all = Vec::new();
        let mut refused = 0;
        for n in 0..20 {
            let reply = import(&admin, "author", CSV, other(n), &LATER).await;
            match reply.status {
                503 => {
                    assert_eq!(reply.header("retry-after"), "10");
                    refused += 1;
                }
                _ => begun_all.push(begun(&reply)),
            }
        }
        assert_eq!((begun_all.len(), refused), (14, 6));
        gate.open();
        gate.open();
        begun_all.extend([first, second]);
        for path in &begun_all {
            assert_eq!(ended(&admin, path).await["state"], "done");
        }
    })
    .await;
}

/// Writes into the row of an operation beside its work.
async fn set(engine: &Engine, path: &str, column: operation::Column, value: impl Into<Expr>) {
    let id = row(engine, path).await.id;
    let update = operation::Entity::update_many()
        .col_expr(column, value.into())
        .filter(operation::Column::Id.eq(id));
    let tx = engine.db().begin().await.expect("a transaction");
    update.exec(&tx).await.expect("written");
    tx.commit().await.expect("kept");
}

#[tokio::test]
async fn who_waits_for_a_turn_is_cancelled_at_once() {
    beside(
        "who_waits_for_a_turn_is_cancelled_at_once",
        async |app, gate| {
            let admin = app.login("admin").await;
            for slug in ["a700", "a700b"] {
                let file = format!("name,slug,country\nA,{slug},GB\n");
                begun(&import(&admin, "author", CSV, file, &LATER).await);
                gate.reached().await;
            }
            let path = "/api/v1/author/_export";
            let path = begun(&call(&admin, ("GET", path), &LATER, None).await);
            assert_eq!(admin.get(&path).await.1["state"], "running");
            assert_eq!(call(&admin, ("DELETE", &path), &[], None).await.status, 202);
            assert_eq!(ended(&admin, &path).await["state"], "cancelled");
            let file = admin.get(&format!("{path}/file")).await;
            assert_eq!((file.0, &file.1["code"]), (409, &json!("no_file")));
            gate.open();
            gate.open();
        },
    )
    .await;
}

#[tokio::test]
async fn d16_the_end_of_the_server_lets_operations_stop() {
    let name = "d16_the_end_of_the_server_lets_operations_stop";
    let gate = Gate::shut();
    let hook = gate.clone();
    on_each_app(
        name,
        move |b| b.hook(hook.clone()),
        async |app| {
            let admin = app.login("admin").await;
            for (query, rows) in [("", 0), ("atomic=false", 1_000)] {
                let to = format!("author?{query}");
                let path = begun(&import(&admin, &to, CSV, file(1_200), &LATER).await);
                gate.reached().await;
                tokio::join!(app.app.engine.stop_operations(), async { gate.open() });
                let operation = admin.get(&path).await.1;
                assert_eq!(operation["state"], "failed", "{operation}");
                assert_eq!(operation["result"]["code"], "interrupted", "{operation}");
                assert_eq!(count(app).await, rows);
                if rows > 0 {
                    assert_eq!(operation["progress"]["done"], rows);
                    assert_eq!(operation["result"]["report"]["created"], rows);
                }
            }
        },
    )
    .await;
}

#[tokio::test]
async fn what_another_node_works_on_is_cancelled_there() {
    beside(
        "what_another_node_works_on_is_cancelled_there",
        async |app, gate| {
            let engine = &app.app.engine;
            let admin = app.login("admin").await;
            let elsewhere = left(engine, 0, (true, "running")).await;
            let asked = call(&admin, ("DELETE", &elsewhere), &[], None).await;
            assert_eq!(asked.status, 202);
            assert!(row(engine, &elsewhere).await.cancel);
            // And the node that works on it sees that.
            let path = begun(&import(&admin, "author", CSV, file(1_200), &LATER).await);
            gate.reached().await;
            set(engine, &path, operation::Column::Cancel, true).await;
            for _ in 0..2 {
                let seen = row(engine, &path).await.seen_at;
                while row(engine, &path).await.seen_at == seen {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            gate.open();
            assert_eq!(ended(&admin, &path).await["state"], "cancelled");
            assert_eq!(count(app).await, 0);
        },
    )
    .await;
}

#[tokio::test]
async fn d02_who_was_taken_for_dead_writes_nothing_more() {
    beside(
        "d02_who_was_taken_for_dead_writes_nothing_more",
        async |app, gate| {
            let engine = &app.app.engine;
            let admin = app.login("admin").await;
            let taken_for_dead = async |query: &str| {
                let to = format!("author?{query}");
                let path = begun(&import(&admin, &to, CSV, file(1_200), &LATER).await);
                gate.reached().await;
                set(engine, &path, operation::Column::State, "failed").await;
                gate.open();
            };
            taken_for_dead("").await;
            // This waits for the transaction that has made the same.
            let author = json!({"name": "B", "slug": "a0", "country": "GB"});
            let (status, told) = admin.send("POST", "/api/v1/author", author).await;
            assert_eq!(status, 201, "{told}");
            assert_eq!(count(app).await, 1);
            let gone = format!("/api/v1/author/{}", told["id"]);
            assert_eq!(admin.send("DELETE", &gone, json!(null)).await.0, 204);
            // The lot under way is taken back, too; to stop is asked after it.
            taken_for_dead("atomic=false").await;
            engine.stop_operations().await;
            assert_eq!(count(app).await, 500);
        },
    )
    .await;
}
