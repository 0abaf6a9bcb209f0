//! What takes its time: `Prefer: respond-async`, `/api/v1/_operations`.

mod ends;
mod files;
mod stopping;
mod waiting;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use quarterdeck::crud::Engine;
use quarterdeck::error::Error;
use quarterdeck::hook::{Hook, Write};
use quarterdeck::model::patch::Changes;
use quarterdeck::model::{ModelMeta, value};
use quarterdeck::store::{Tx, now};
use quarterdeck_entity::system::operation;
use reqwest::Method;
use sea_orm::{ActiveValue::Set, EntityTrait as _};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::import::{CSV, import};
use super::sample::{Reply, call};
use crate::house::app::{Session, TestApp, grant_all, on_each_app};

const LATER: [(&str, &str); 1] = [("prefer", "respond-async")];

fn file(rows: usize) -> String {
    let mut out = String::from("name,slug,country\n");
    for i in 0..rows {
        let _ = writeln!(out, "A,a{i},GB");
    }
    out
}

/// The address of an operation that was begun.
fn begun(reply: &Reply) -> String {
    assert_eq!(reply.status, 202, "{}", reply.text);
    assert_eq!(reply.header("preference-applied"), "respond-async");
    let location = reply.header("location").to_owned();
    assert_eq!(
        location,
        format!("/api/v1/_operations/{}", reply.json()["id"])
    );
    location
}

/// The operation after its end.
async fn ended(session: &Session<'_>, path: &str) -> Value {
    for _ in 0..3_000 {
        let (status, operation) = session.get(path).await;
        assert_eq!(status, 200, "{operation}");
        if operation["state"] != "running" {
            return operation;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{path} did not end");
}

async fn count(app: &TestApp) -> Value {
    let admin = app.login("admin").await;
    admin.get("/api/v1/author?count=exact&limit=1").await.1["page"]["count"].clone()
}

/// An operation of another node that said so many seconds ago that it is alive; its address.
async fn left(engine: &Engine, seconds: i64, (atomic, state): (bool, &str)) -> String {
    let at = now() - chrono::TimeDelta::seconds(seconds);
    let row = operation::ActiveModel {
        kind: Set("import".to_owned()),
        request_id: Set("none".to_owned()),
        node: Set("another".to_owned()),
        state: Set(state.to_owned()),
        atomic: Set(atomic),
        done: Set(500),
        cancel: Set(false),
        started_at: Set(at),
        seen_at: Set(at),
        ended_at: Set((state != "running").then_some(at)),
        ..Default::default()
    };
    let tx = engine.db().begin().await.expect("a transaction");
    let made = operation::Entity::insert(row).exec(&tx).await;
    let id = made.expect("made").last_insert_id;
    tx.commit().await.expect("kept");
    format!("/api/v1/_operations/{id}")
}

/// The row of an operation.
async fn row(engine: &Engine, path: &str) -> operation::Model {
    let id: i64 = path.rsplit('/').next().unwrap().parse().expect("an id");
    let found = operation::Entity::find_by_id(id).one(engine.db().reader());
    found.await.expect("read").expect("an operation")
}

/// Waits before it lets an author with a slug like `a700` be made.
#[derive(Clone)]
struct Gate {
    reached: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Gate {
    fn shut() -> Self {
        Self {
            reached: Arc::new(Semaphore::new(0)),
            open: Arc::new(Semaphore::new(0)),
        }
    }

    async fn reached(&self) {
        self.reached.acquire().await.expect("open").forget();
    }

    fn open(&self) {
        self.open.add_permits(1);
    }
}

#[async_trait]
impl Hook for Gate {
    fn id(&self) -> &'static str {
        "gate"
    }

    fn concerns(&self, model: &ModelMeta) -> bool {
        model.slug == "author"
    }

    async fn before(&self, _: &Tx, write: &Write<'_>, changes: &mut Changes) -> Result<(), Error> {
        let slug = write.model.field("slug").expect("a field");
        let mut values = changes.values.iter();
        let shut = |v| value::to_text(v).is_some_and(|text| text.starts_with("a700"));
        if values.any(|(f, v)| *f == slug && shut(v)) {
            self.reached.add_permits(1);
            self.open.acquire().await.expect("open").forget();
        }
        Ok(())
    }
}

#[tokio::test]
async fn whoever_does_not_wait_is_told_where_to_look() {
    let name = "whoever_does_not_wait_is_told_where_to_look";
    on_each_app(name, |b| b, async |app| {
        let admin = app.login("admin").await;
        let answer = import(&admin, "author", CSV, file(600), &LATER).await;
        let operation = ended(&admin, &begun(&answer)).await;
        assert_eq!((&operation["kind"], &operation["model"]), (&json!("import"), &json!("author")));
        assert_eq!((&operation["state"], &operation["atomic"]), (&json!("done"), &json!(true)));
        assert_eq!(operation["progress"], json!({"done": 600, "total": 600}), "{operation}");
        assert_eq!(operation["result"]["created"], 600, "{operation}");
        assert_eq!(count(app).await, 600);
        // What would have been refused is the result.
        let answer = import(&admin, "author", CSV, file(2), &LATER).await;
        let operation = ended(&admin, &begun(&answer)).await;
        assert_eq!((&operation["state"], &operation["result"]["status"]), (&json!("failed"), &json!(409)));
        let audit = admin.get("/api/v1/qd_audit?model=author&sort=id&limit=1").await.1;
        let set = json!({"change_set": audit["data"][0]["id"]});
        let answer = call(&admin, ("POST", "/api/v1/_undo"), &LATER, Some(&set)).await;
        let operation = ended(&admin, &begun(&answer)).await;
        assert_eq!((&operation["kind"], &operation["model"]), (&json!("undo"), &Value::Null));
        assert_eq!((&operation["result"]["undone"], &operation["progress"]["total"]), (&json!(600), &json!(600)));
        let body = json!({"operations": [{"verb": "create", "data": {"name": "B", "slug": "b", "country": "GB"}}]});
        let answer = call(&admin, ("POST", "/api/v1/author/_bulk"), &LATER, Some(&body)).await;
        let operation = ended(&admin, &begun(&answer)).await;
        assert_eq!((&operation["kind"], &operation["result"]["succeeded"]), (&json!("bulk"), &json!(1)));
        assert_eq!(count(app).await, 1);
        // A dry run is waited for.
        let headers = [("prefer", "respond-async, dry-run")];
        let tried = import(&admin, "author", CSV, file(1), &headers).await;
        assert_eq!((tried.status, tried.header("preference-applied")), (200, "dry-run"));
        let log = admin.get("/api/v1/qd_operation?count=exact").await.1;
        assert_eq!(log["page"]["count"], 4);
    })
    .await;
}

#[tokio::test]
async fn d16_a_large_import_is_finished_though_its_client_goes_away() {
    let name = "d16_a_large_import_is_finished_though_its_client_goes_away";
    let gate = Gate::shut();
    let hook = gate.clone();
    on_each_app(
        name,
        move |b| b.hook(hook.clone()),
        async |app| {
            let admin = app.login("admin").await;
            for query in ["", "atomic=false"] {
                let path = format!("/api/v1/author/_import?{query}");
                let body = file(1_200)
                    .replace(",a", &format!(",{}a", query.len()))
                    .replace("12a700,", "a700,")
                    .replace("0a700,", "a700,");
                let request = admin
                    .request(Method::POST, &path)
                    .header("content-type", CSV)
                    .body(body);
                let waiting = tokio::spawn(request.send());
                gate.reached().await;
                // It is tracked although its client did not ask for that.
                let running = admin.get("/api/v1/qd_operation?state=running").await.1;
                let id = running["data"][0]["id"].clone();
                waiting.abort();
                let _ = waiting.await;
                gate.open();
                let operation = ended(&admin, &format!("/api/v1/_operations/{id}")).await;
                assert_eq!(operation["result"]["created"], 1_200, "{operation}");
                let (_, page) = admin.get("/api/v1/author?slug=a700").await;
                let gone = format!("/api/v1/author/{}", page["data"][0]["id"]);
                assert_eq!(admin.send("DELETE", &gone, Value::Null).await.0, 204);
            }
            assert_eq!(count(app).await, 2_398);
        },
    )
    .await;
}

#[tokio::test]
async fn what_is_cancelled_is_taken_back_or_stops_between_two_lots() {
    let name = "what_is_cancelled_is_taken_back_or_stops_between_two_lots";
    let gate = Gate::shut();
    let hook = gate.clone();
    on_each_app(
        name,
        move |b| b.hook(hook.clone()),
        async |app| {
            let admin = app.login("admin").await;
            for (query, rows) in [("", 0), ("atomic=false", 1_000)] {
                let answer =
                    import(&admin, &format!("author?{query}"), CSV, file(1_200), &LATER).await;
                let path = begun(&answer);
                gate.reached().await;
                let running = admin.get(&path).await.1;
                assert_eq!(
                    running["progress"],
                    json!({"done": 500, "total": 1_200}),
                    "{running}"
                );
                let dry = call(&admin, ("DELETE", &path), &[("prefer", "dry-run")], None).await;
                assert_eq!(dry.status, 400);
                assert_eq!(call(&admin, ("DELETE", &path), &[], None).await.status, 202);
                gate.open();
                let operation = ended(&admin, &path).await;
                assert_eq!(operation["state"], "cancelled", "{operation}");
                assert_eq!(operation["result"]["code"], "cancelled");
                assert_eq!(count(app).await, rows);
                if rows > 0 {
                    assert_eq!(operation["progress"]["done"], 1_000);
                    assert_eq!(
                        operation["result"]["report"]["created"], 1_000,
                        "{operation}"
                    );
                }
                let again = call(&admin, ("DELETE", &path), &[], None).await;
                assert_eq!(
                    (again.status, &again.json()["code"]),
                    (409, &json!("ended"))
                );
            }
        },
    )
    .await;
}

#[tokio::test]
async fn r39_an_operation_is_its_owners() {
    on_each_app(
        "r39_an_operation_is_its_owners",
        |b| b,
        async |app| {
            let grants = json!([grant_all("author", json!("all"))]);
            app.user("ada", false, grants.clone()).await;
            app.user("bob", false, grants).await;
            let (ada, bob) = (app.login("ada").await, app.login("bob").await);
            let path = begun(&import(&ada, "author", CSV, file(1), &LATER).await);
            assert_eq!(ended(&ada, &path).await["result"]["created"], 1);
            let absent = call(&bob, ("GET", "/api/v1/_operations/9999"), &[], None).await;
            for method in ["GET", "DELETE"] {
                let foreign = call(&bob, (method, &path), &[], None).await;
                assert_eq!((foreign.status, foreign.shape()), (404, absent.shape()));
                assert_eq!(
                    call(&app.anonymous(), (method, &path), &[], None)
                        .await
                        .status,
                    401
                );
            }
            for id in ["007", "x", "-1", "1e0"] {
                let path = format!("/api/v1/_operations/{id}");
                assert_eq!(
                    call(&ada, ("GET", &path), &[], None).await.status,
                    404,
                    "{id}"
                );
            }
            let admin = app.login("admin").await;
            assert_eq!(admin.get(&path).await.0, 200);
            assert_eq!(ada.get("/api/v1/qd_operation").await.0, 404);
            // What the caller may not begin is refused at once.
            let refused = import(&app.anonymous(), "author", CSV, file(1), &LATER).await;
            assert_eq!(refused.status, 401);
            let undo = json!({"change_set": 1});
            let refused = call(
                &app.anonymous(),
                ("POST", "/api/v1/_undo"),
                &LATER,
                Some(&undo),
            )
            .await;
            assert_eq!(refused.status, 401);
            let refused = import(&bob, "book", CSV, file(1), &LATER).await;
            assert_eq!(refused.status, 404);
        },
    )
    .await;
}
