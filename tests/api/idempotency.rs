//! `Idempotency-Key`: a create that is sent again happens once.

use futures_util::future::join_all;
use quarterdeck::auth::tokens::{self, NewToken};
use quarterdeck::model::Verb;
use serde_json::{Value, json};

use super::sample::{Reply, call};
use crate::auth::sql;
use crate::house::app::{Session, grant_all, on_each_app};

const PATH: &str = "/api/v1/author";

fn author(slug: &str) -> Value {
    json!({"name": "Ada", "slug": slug, "country": "GB"})
}

async fn post(session: &Session<'_>, key: &str, body: &Value) -> Reply {
    call(
        session,
        ("POST", PATH),
        &[("idempotency-key", key)],
        Some(body),
    )
    .await
}

async fn count(session: &Session<'_>) -> Value {
    session.get(&format!("{PATH}?count=exact")).await.1["page"]["count"].clone()
}

#[tokio::test]
async fn d03_a_create_sent_again_gives_the_first_answer_and_writes_nothing() {
    let name = "d03_a_create_sent_again_gives_the_first_answer_and_writes_nothing";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let first = post(&admin, "\"k-1\"", &author("ada")).await;
            assert_eq!(
                (first.status, first.header("idempotency-replayed")),
                (201, ""),
                "{}",
                first.text
            );
            let changed = json!({"name": "Ada Lovelace"});
            let (status, _) = admin.send("PATCH", first.header("location"), changed).await;
            assert_eq!(status, 200);
            // Spelt otherwise, and without the quotes, it is the same request.
            let body = json!({"name": "Ada", "slug": "ada", "country": "GB"});
            let again = post(&admin, "k-1", &body).await;
            assert_eq!(
                (again.status, again.header("idempotency-replayed")),
                (201, "true")
            );
            assert_eq!(again.text, first.text);
            for header in ["etag", "location"] {
                assert_eq!(again.header(header), first.header(header), "{header}");
            }
            let other = post(&admin, "k-1", &author("another")).await;
            assert_eq!(other.status, 422, "{}", other.text);
            assert_eq!(other.json()["errors"][0]["code"], "idempotency_mismatch");
            assert_eq!(count(&admin).await, 1);
            let audit = admin
                .get("/api/v1/qd_audit?model=author&verb=create")
                .await
                .1;
            assert_eq!(audit["data"].as_array().expect("rows").len(), 1);
        },
    )
    .await;
}

#[tokio::test]
async fn what_was_refused_or_is_long_ago_may_be_sent_again() {
    on_each_app(
        "what_was_refused_may_be_sent_again",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let faulty = post(&admin, "k", &json!({"name": "Ada"})).await;
            assert_eq!(faulty.status, 422, "{}", faulty.text);
            assert_eq!(post(&admin, "k", &author("ada")).await.status, 201);
            let taken = post(&admin, "l", &author("ada")).await;
            assert_eq!(taken.status, 409, "{}", taken.text);
            assert_eq!(post(&admin, "l", &author("bea")).await.status, 201);
            let db = app.app.engine.db();
            sql(
                db,
                "UPDATE qd_idempotency SET created_at = '2020-01-01 00:00:00'",
            )
            .await;
            let late = post(&admin, "l", &author("cleo")).await;
            assert_eq!(
                (late.status, late.header("idempotency-replayed")),
                (201, ""),
                "{}",
                late.text
            );
            assert_eq!(post(&admin, "l", &author("cleo")).await.text, late.text);
            assert_eq!(count(&admin).await, 3);
            let long = "k".repeat(256);
            for bad in ["", "\"\"", "a b", long.as_str()] {
                let header = [("idempotency-key", bad)];
                let refused = call(&admin, ("POST", PATH), &header, Some(&author("dora"))).await;
                assert_eq!(refused.status, 400, "{bad:?} {}", refused.text);
            }
            let two = [("idempotency-key", "a"), ("idempotency-key", "b")];
            let refused = call(&admin, ("POST", PATH), &two, Some(&author("dora"))).await;
            assert_eq!(refused.status, 400, "{}", refused.text);
        },
    )
    .await;
}

#[tokio::test]
async fn a_key_is_its_senders_own() {
    on_each_app(
        "a_key_is_its_senders_own",
        |b| b,
        async |app| {
            app.user("clerk", false, json!([grant_all("author", json!("all"))]))
                .await;
            let (admin, clerk) = (app.login("admin").await, app.login("clerk").await);
            assert_eq!(post(&admin, "k", &author("ada")).await.status, 201);
            let theirs = post(&clerk, "k", &author("bea")).await;
            assert_eq!(
                (theirs.status, &theirs.json()["slug"]),
                (201, &json!("bea"))
            );
            let mine = post(&admin, "k", &author("bea")).await;
            assert_eq!(mine.status, 422, "{}", mine.text);
        },
    )
    .await;
}

/// A token may have fewer rights than its owner, and than another of its owner's tokens: the answer
/// to one is not the answer to another.
#[tokio::test]
async fn d03_r21_a_key_is_its_tokens_own() {
    on_each_app(
        "d03_r21_a_key_is_its_tokens_own",
        |b| b,
        async |app| {
            let author_only = json!([grant_all("author", json!("all"))]);
            let user_id = app.user("clerk", false, author_only).await;
            let token = async |scopes| {
                let new = NewToken {
                    user_id,
                    name: "test".to_owned(),
                    scopes,
                    expires_at: None,
                };
                let made = tokens::create(app.app.engine.db(), new).await;
                made.expect("a token").expose().to_owned()
            };
            let wide = token(None).await;
            let narrow = token(Some(vec![("author".to_owned(), vec![Verb::Create])])).await;
            let anyone = app.anonymous();
            let with = async |token: &str, slug: &str| {
                let headers = [("x-api-key", token), ("idempotency-key", "k")];
                call(&anyone, ("POST", PATH), &headers, Some(&author(slug))).await
            };
            let first = with(&wide, "ada").await;
            assert_eq!(
                (first.status, &first.json()["country"]),
                (201, &json!("GB"))
            );
            // To the narrower one and to the owner it is a new request: the name is taken.
            let clerk = app.login("clerk").await;
            for other in [
                with(&narrow, "ada").await,
                post(&clerk, "k", &author("ada")).await,
            ] {
                assert_eq!(other.status, 409, "{}", other.text);
            }
            let own = with(&narrow, "bea").await;
            assert_eq!((own.status, own.header("idempotency-replayed")), (201, ""));
            assert_eq!(own.json(), json!({"id": own.json()["id"]}));
            for (token, slug, first) in [(&wide, "ada", &first), (&narrow, "bea", &own)] {
                let again = with(token, slug).await;
                assert_eq!(again.header("idempotency-replayed"), "true");
                assert_eq!(again.text, first.text);
            }
        },
    )
    .await;
}

/// An answer that was kept is no way round a right that was taken away since.
#[tokio::test]
async fn d03_r36_what_may_no_longer_be_read_is_not_answered_again() {
    on_each_app(
        "d03_r36_what_may_no_longer_be_read",
        |b| b,
        async |app| {
            let grant = grant_all("author", json!("all"));
            app.user("clerk", false, json!([grant])).await;
            let (admin, clerk) = (app.login("admin").await, app.login("clerk").await);
            let grants = admin.get("/api/v1/qd_grant").await.1;
            let grant = format!("/api/v1/qd_grant/{}", grants["data"][0]["id"]);
            let first = post(&clerk, "k", &author("ada")).await;
            assert_eq!(first.status, 201, "{}", first.text);
            let key = json!({"id": first.json()["id"]});
            for narrower in [
                json!({"readable": ["name"]}),
                json!({"rows": {"country": "FR"}}),
                json!({"verbs": ["create"]}),
            ] {
                let (status, answer) = admin.send("PATCH", &grant, narrower.clone()).await;
                assert_eq!(status, 200, "{answer}");
                let again = post(&clerk, "k", &author("ada")).await;
                assert_eq!(again.status, 201, "{narrower}: {}", again.text);
                assert_eq!(again.header("idempotency-replayed"), "true");
                assert_eq!(again.header("location"), first.header("location"));
                assert_eq!(again.json(), key, "{narrower}");
                assert_ne!(again.header("etag"), first.header("etag"));
                // With the rights of then the answer is that of then.
                let open = grant_all("author", json!("all"));
                let (status, answer) = admin.send("PATCH", &grant, open).await;
                assert_eq!(status, 200, "{answer}");
                let again = post(&clerk, "k", &author("ada")).await;
                assert_eq!(again.text, first.text, "{narrower}");
                assert_eq!(again.header("etag"), first.header("etag"));
            }
            // Without the right to create there is no answer at all.
            let (status, _) = admin
                .send("PATCH", &grant, json!({"verbs": ["read"]}))
                .await;
            assert_eq!(status, 200);
            let refused = post(&clerk, "k", &author("ada")).await;
            assert_eq!(refused.status, 403, "{}", refused.text);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d03_of_many_at_once_one_writes() {
    on_each_app(
        "d03_of_many_at_once_one_writes",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            for round in 0..5 {
                let body = author(&format!("ada-{round}"));
                let key = format!("key-{round}");
                let all = join_all((0..8).map(|_| post(&admin, &key, &body))).await;
                let made: Vec<&Reply> = all.iter().filter(|r| r.status == 201).collect();
                let new = made
                    .iter()
                    .filter(|r| r.header("idempotency-replayed").is_empty());
                assert_eq!(new.count(), 1, "{round}");
                assert!(made.iter().all(|r| r.text == made[0].text));
                for late in all.iter().filter(|r| r.status != 201) {
                    assert_eq!(late.status, 409, "{}", late.text);
                    assert_eq!(late.json()["code"], "idempotency_in_flight");
                }
                assert_eq!(count(&admin).await, round + 1);
            }
        },
    )
    .await;
}

#[tokio::test]
async fn what_a_key_says_is_said_at_once() {
    on_each_app(
        "what_a_key_says_is_said_at_once",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            assert_eq!(post(&admin, "k", &author("ada")).await.status, 201);
            app.statements();
            let other = post(&admin, "k", &author("bea")).await;
            assert_eq!(other.json()["errors"][0]["code"], "idempotency_mismatch");
            let ran = app.statements();
            let asked = ran.iter().filter(|sql| sql.contains("qd_idempotency"));
            assert_eq!(asked.count(), 1, "{ran:#?}");
        },
    )
    .await;
}
