//! What is known of an operation after its end, however it came.

use quarterdeck::auth::tokens::{NewToken, create};
use sea_orm::DbBackend;
use serde_json::{Value, json};

use super::{CSV, LATER, begun, ended, file, import, left};
use crate::api::sample::call;
use crate::house::app::{grant_all, on_each_app};

const KEY: (&str, &str) = ("idempotency-key", "one");

#[tokio::test]
async fn what_nobody_works_on_any_more_has_failed() {
    let name = "what_nobody_works_on_any_more_has_failed";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let engine = &app.app.engine;
            let left = async |seconds, atomic, state| left(engine, seconds, (atomic, state)).await;
            let admin = app.login("admin").await;
            let (atomic, lots) = (
                left(300, true, "running").await,
                left(300, false, "running").await,
            );
            let alive = left(5, true, "running").await;
            let old = left(40 * 24 * 60 * 60, true, "done").await;
            engine.sweep_operations(false).await.expect("swept");
            let sqlite = engine.db().backend() == DbBackend::Sqlite;
            let state = async |path: &str| admin.get(path).await.1["state"].clone();
            let wanted = if sqlite { "running" } else { "failed" };
            assert_eq!(
                state(&atomic).await,
                wanted,
                "on SQLite silence says nothing"
            );
            assert_eq!(state(&alive).await, "running");
            assert_eq!(admin.get(&old).await.0, 404, "forgotten");
            engine.sweep_operations(true).await.expect("swept");
            assert_eq!(
                state(&alive).await,
                if sqlite { "failed" } else { "running" }
            );
            for (path, words) in [
                (atomic, "nothing of it was written"),
                (lots, "500 rows had been done"),
            ] {
                let (_, operation) = admin.get(&path).await;
                assert_eq!(
                    (&operation["state"], &operation["result"]["code"]),
                    (&json!("failed"), &json!("interrupted"))
                );
                let detail = operation["result"]["detail"].as_str().expect("a detail");
                assert!(detail.contains(words), "{detail}");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn r39_one_is_told_of_ones_own_operations_newest_first() {
    let name = "r39_one_is_told_of_ones_own_operations_newest_first";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let grants = json!([grant_all("author", json!("all"))]);
            let user_id = app.user("ada", false, grants.clone()).await;
            app.user("bob", false, grants).await;
            let (ada, bob) = (app.login("ada").await, app.login("bob").await);
            let mut all = Vec::new();
            for _ in 0..3 {
                let path = begun(&import(&ada, "author", CSV, file(1), &LATER).await);
                all.push(ended(&ada, &path).await["id"].clone());
            }
            let new = NewToken {
                user_id,
                name: "test".to_owned(),
                scopes: None,
                expires_at: None,
            };
            let token = create(app.app.engine.db(), new).await.expect("a token");
            let key = [("x-api-key", token.expose())];
            let anyone = app.anonymous();
            let headers = [key[0], LATER[0]];
            let by_token = import(&anyone, "author", CSV, "name,slug\n", &headers).await;
            all.push(by_token.json()["id"].clone());
            all.reverse();
            let ids = |page: &Value| -> Vec<Value> {
                let data = page["data"].as_array().expect("a page").iter();
                data.map(|o| o["id"].clone()).collect()
            };
            let first = ada.get("/api/v1/_operations?limit=3").await.1;
            assert_eq!(ids(&first), all[..3]);
            assert_eq!(
                first["page"],
                json!({"limit": 3, "next": all[2].to_string()})
            );
            assert_eq!(first["data"][1]["state"], "failed", "the slug is taken");
            assert_eq!(first["data"][1].get("result"), None);
            let path = format!("/api/v1/_operations?cursor={}", all[2]);
            let rest = ada.get(&path).await.1;
            assert_eq!(
                (ids(&rest), &rest["page"]["next"]),
                (all[3..].to_vec(), &Value::Null)
            );
            // A token is told of its own alone.
            let own = call(&anyone, ("GET", "/api/v1/_operations"), &key, None).await;
            assert_eq!(ids(&own.json()), all[..1]);
            let session = format!("/api/v1/_operations/{}", all[1]);
            assert_eq!(
                call(&anyone, ("GET", &session), &key, None).await.status,
                404
            );
            assert_eq!(bob.get("/api/v1/_operations").await.1["data"], json!([]));
            assert_eq!(anyone.get("/api/v1/_operations").await.0, 401);
            for wrong in ["limit=0", "limit=101", "cursor=x", "sort=id"] {
                let path = format!("/api/v1/_operations?{wrong}");
                assert_eq!(ada.get(&path).await.0, 400, "{wrong}");
            }
        },
    )
    .await;
}

/// An undo or a revert that is sent again is not the undo of the first.
#[tokio::test]
async fn d03_a_key_is_one_undo_or_revert_whether_it_is_waited_for_or_not() {
    let name = "d03_a_key_is_one_undo_or_revert_whether_it_is_waited_for_or_not";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let body = json!({"name": "A", "slug": "a", "country": "GB"});
            let id = app.make("author", body).await["id"].clone();
            let path = format!("/api/v1/author/{id}");
            let patched = admin.send("PATCH", &path, json!({"name": "B"})).await;
            assert_eq!(patched.0, 200);
            let last = async || {
                let audit = admin.get("/api/v1/qd_audit?model=author&sort=-id&limit=1");
                audit.await.1["data"][0]["id"].clone()
            };
            let fresh = async || admin.get(&path).await.1["name"].clone();
            let revert = (
                ("POST", &*format!("{path}/_revert")),
                json!({"before": last().await}),
            );
            let reverted = call(&admin, revert.0, &[KEY], Some(&revert.1)).await;
            assert_eq!((reverted.status, fresh().await), (200, json!("A")));
            let undo = (
                ("POST", "/api/v1/_undo"),
                json!({"change_set": last().await}),
            );
            let key = [("idempotency-key", "another")];
            let undone = call(&admin, undo.0, &key, Some(&undo.1)).await;
            assert_eq!((undone.status, fresh().await), (200, json!("B")));
            let end = last().await;
            for ((request, body), first, key) in
                [(&revert, &reverted, KEY), (&undo, &undone, key[0])]
            {
                let again = call(&admin, *request, &[key], Some(body)).await;
                assert_eq!((again.status, &again.text), (200, &first.text));
                assert_eq!(again.header("idempotency-replayed"), "true");
                let other = json!({"change_set": 1});
                let other = call(&admin, *request, &[key], Some(&other)).await;
                assert_eq!(other.status, 422, "{}", other.text);
            }
            let headers = [key[0], LATER[0]];
            let path = begun(&call(&admin, undo.0, &headers, Some(&undo.1)).await);
            assert_eq!(ended(&admin, &path).await["result"], undone.json());
            assert_eq!((last().await, fresh().await), (end, json!("B")));
        },
    )
    .await;
}

/// What is wrong with a request is said at once, whether its end is waited for or not.
#[tokio::test]
async fn no_operation_begins_with_a_request_that_cannot_be() {
    on_each_app(
        "no_operation_begins_with_a_request_that_cannot_be",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let (plain, spaced) = (LATER[0], ("idempotency-key", "one two"));
            let matching = json!({"verb": "delete", "where": {"name": "x"}, "max_affected": 1});
            let cases = [
                ("author/_bulk", plain, json!({"operations": [], "zz": 1})),
                (
                    "author/_bulk",
                    plain,
                    json!({"operations": [{"verb": "delete"}]}),
                ),
                (
                    "author/_bulk",
                    plain,
                    json!({"verb": "delete", "where": {"zz": 1}, "max_affected": 1}),
                ),
                ("author/_bulk", spaced, matching),
                ("_undo", plain, json!({"change_set": "one"})),
                ("_undo", spaced, json!({"change_set": 1})),
            ];
            for (path, header, body) in cases {
                let at = ("POST", &*format!("/api/v1/{path}"));
                let answer = call(&admin, at, &[LATER[0], header], Some(&body)).await;
                assert_eq!(answer.status, 400, "{path} {body}: {}", answer.text);
            }
            let (_, operations) = admin.get("/api/v1/_operations").await;
            assert_eq!(operations["data"], json!([]));
        },
    )
    .await;
}
