//! An action with an `Idempotency-Key` happens once, whatever its function does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quarterdeck::crud::{Action, Done, Selection};
use quarterdeck::error::Error;
use quarterdeck_entity::demo::book;
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore};

use super::books;
use crate::api::sample::{Reply, call};
use crate::auth::{number, sql};
use crate::house::app::{Session, grant_all, on_each_app};

const PATH: &str = "/api/v1/book/_actions/delete_them";

/// What the function of the test does.
#[derive(Default)]
struct Stage {
    /// How often it ran.
    runs: AtomicU64,
    /// It has begun.
    begun: Notify,
    /// How it ends: after this is let go.
    go: Option<Semaphore>,
}

/// Deletes each record in a transaction of its own: after it, none of them is there for a second time.
fn delete_them(stage: &Arc<Stage>) -> Action {
    let stage = Arc::clone(stage);
    Action::new("delete_them", "Delete them", move |selection: Selection| {
        let stage = Arc::clone(&stage);
        async move {
            let run = stage.runs.fetch_add(1, Ordering::SeqCst) + 1;
            stage.begun.notify_one();
            if let Some(go) = &stage.go {
                go.acquire().await.map_err(Error::internal)?.forget();
            }
            let fails = selection.text("how").unwrap_or_default();
            match fails.as_str() {
                "refused" => return Err(Error::not_found()),
                "panic" => panic!("as asked"),
                _ => {}
            }
            let condition = quarterdeck::crud::IfMatch::Unconditional;
            for key in &selection.keys {
                let target = quarterdeck::crud::Target {
                    key,
                    condition: &condition,
                };
                let of = (&selection.ctx, selection.model);
                selection.engine.delete(of.0, of.1, target).await?;
            }
            Ok(Done {
                affected: selection.keys.len() as u64,
                message: format!("run {run}"),
            })
        }
    })
    .field("how", quarterdeck::model::Kind::Text(None), true, |f| f)
}

async fn act(session: &Session<'_>, key: &str, body: &Value) -> Reply {
    let header = [("idempotency-key", key)];
    call(session, ("POST", PATH), &header, Some(body)).await
}

fn told(reply: &Reply) -> (u16, &str, Value) {
    let again = reply.header("idempotency-replayed");
    (reply.status, again, reply.json()["message"].clone())
}

fn code(reply: &Reply) -> (u16, Value) {
    let problem = reply.json();
    let of = match &problem["errors"][0]["code"] {
        Value::Null => problem["code"].clone(),
        code => code.clone(),
    };
    (reply.status, of)
}

#[tokio::test]
async fn d25_an_action_sent_again_gives_the_first_answer_and_does_nothing() {
    let stage = Arc::new(Stage::default());
    let with = |b: quarterdeck::app::AppBuilder| b.action::<book::Entity>(delete_them(&stage));
    on_each_app("d25_an_action_sent_again", with, async |app| {
        stage.runs.store(0, Ordering::SeqCst);
        let ids = books(app, 4).await;
        app.user("clerk", false, json!([grant_all("book", json!("all"))]))
            .await;
        let (admin, clerk) = (app.login("admin").await, app.login("clerk").await);
        let body = json!({"ids": [ids[0]]});
        let first = act(&admin, "k", &body).await;
        assert_eq!(told(&first), (200, "", json!("run 1")), "{}", first.text);
        // The record is gone: what is sent again is not looked at anew.
        let again = act(&admin, "k", &body).await;
        assert_eq!(told(&again), (200, "true", json!("run 1")));
        assert_eq!(again.text, first.text);
        let other = act(&admin, "k", &json!({"ids": [ids[1]]})).await;
        assert_eq!(code(&other), (422, json!("idempotency_mismatch")));
        // Nor is it the same request elsewhere.
        let header = [("idempotency-key", "k")];
        let path = "/api/v1/book/_actions/discount";
        let elsewhere = call(&admin, ("POST", path), &header, Some(&body)).await;
        assert_eq!(code(&elsewhere), (422, json!("idempotency_mismatch")));
        // A key is its sender's own; one that is none is refused.
        let theirs = act(&clerk, "k", &json!({"ids": [ids[1]]})).await;
        assert_eq!(told(&theirs), (200, "", json!("run 2")), "{}", theirs.text);
        assert_eq!(act(&admin, "a b", &body).await.status, 400);
        // What was refused, whoever refused it, and what broke may be sent again.
        let missing = json!({"ids": [999]});
        for body in [
            &missing,
            &missing,
            &json!({"ids": [ids[2]], "input": {"how": "refused"}}),
            &json!({"ids": [ids[2]], "input": {"how": "panic"}}),
        ] {
            let refused = act(&admin, "l", body).await;
            assert!(
                [422, 404, 500].contains(&refused.status),
                "{}",
                refused.text
            );
            assert_ne!(code(&refused).1, "idempotency_mismatch");
        }
        let done = act(&admin, "l", &json!({"ids": [ids[2]]})).await;
        assert_eq!(told(&done), (200, "", json!("run 5")), "{}", done.text);
        let deleted = "SELECT COUNT(*) FROM qd_audit WHERE model = 'book' AND verb = 'delete'";
        assert_eq!(number(app.app.engine.db(), deleted).await, 3);
    })
    .await;
}

#[tokio::test]
async fn d25_an_action_that_is_under_way_is_not_begun_again() {
    let stage = Arc::new(Stage {
        go: Some(Semaphore::new(0)),
        ..Stage::default()
    });
    let with = |b: quarterdeck::app::AppBuilder| b.action::<book::Entity>(delete_them(&stage));
    on_each_app("d25_an_action_that_is_under_way", with, async |app| {
        stage.runs.store(0, Ordering::SeqCst);
        let ids = books(app, 2).await;
        let admin = app.login("admin").await;
        let body = json!({"ids": [ids[0]]});
        let go = stage.go.as_ref().expect("a gate");
        let second = async {
            stage.begun.notified().await;
            let meanwhile = act(&admin, "k", &body).await;
            let other = act(&admin, "k", &json!({"ids": [ids[1]]})).await;
            // What this process knows is said at once, and not after it was asked for five times.
            app.statements();
            act(&admin, "k", &body).await;
            let ran = app.statements();
            let asked = ran.iter().filter(|sql| sql.contains("qd_idempotency"));
            assert_eq!(asked.count(), 0, "{ran:#?}");
            go.add_permits(1);
            (meanwhile, other)
        };
        let (first, (meanwhile, other)) = tokio::join!(act(&admin, "k", &body), second);
        assert_eq!(code(&meanwhile), (409, json!("idempotency_in_flight")));
        assert_eq!(code(&other), (422, json!("idempotency_mismatch")));
        assert_eq!(told(&first), (200, "", json!("run 1")), "{}", first.text);
        let again = act(&admin, "k", &body).await;
        assert_eq!(told(&again), (200, "true", json!("run 1")));

        let db = app.app.engine.db();
        sql(
            db,
            "UPDATE qd_idempotency SET created_at = '2020-01-01 00:00:00'",
        )
        .await;
        let late = act(&admin, "k", &body).await;
        assert_eq!(late.status, 422, "{}", late.text);
        assert_eq!(late.json()["errors"][0]["code"], "not_found");
        assert_eq!(stage.runs.load(Ordering::SeqCst), 1);
    })
    .await;
}

#[tokio::test]
async fn d16_an_action_whose_caller_went_away_runs_to_its_end() {
    let stage = Arc::new(Stage {
        go: Some(Semaphore::new(0)),
        ..Stage::default()
    });
    let with = |b: quarterdeck::app::AppBuilder| b.action::<book::Entity>(delete_them(&stage));
    on_each_app("d16_an_action_whose_caller_went_away", with, async |app| {
        stage.runs.store(0, Ordering::SeqCst);
        let ids = books(app, 2).await;
        let admin = app.login("admin").await;
        let body = json!({"ids": [ids[0]]});
        tokio::select! {
            early = act(&admin, "k", &body) => panic!("{}", early.text),
            () = stage.begun.notified() => {}
        }
        stage.go.as_ref().expect("a gate").add_permits(1);
        let answer = loop {
            let again = act(&admin, "k", &body).await;
            if again.status != 409 {
                break again;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(
            told(&answer),
            (200, "true", json!("run 1")),
            "{}",
            answer.text
        );
    })
    .await;
}
