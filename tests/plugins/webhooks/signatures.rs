//! Who may deliver, and once only.

use futures_util::future::join_all;
use quarterdeck::plugins::webhooks::Webhooks;
use reqwest::Method;
use serde_json::json;

use crate::house::app::{TestApp, answer, config};
use crate::house::fresh;

use super::{Delivery, GITHUB, NEW, delivery, events, on_each, refused, status, with_sources};

#[tokio::test]
async fn r45_a_replay_is_answered_and_stored_once_also_in_parallel() {
    on_each(
        "r45_a_replay_is_answered_and_stored_once_also_in_parallel",
        async |app| {
            let sent = delivery("msg_1", &json!({"type": "a"}));
            let answers = join_all((0..12).map(|_| sent.send(app))).await;
            let stored = answers.iter().filter(|a| **a == status("stored")).count();
            let duplicate = answers
                .iter()
                .filter(|a| **a == status("duplicate"))
                .count();
            assert_eq!((stored, duplicate), (1, 11), "{answers:?}");
            assert_eq!(sent.send(app).await, status("duplicate"));
            assert_eq!(events(app).await.len(), 1);
            let other = delivery("MSG_1", &json!({"type": "a"}));
            assert_eq!(
                other.send(app).await,
                status("stored"),
                "ids differ by case"
            );
        },
    )
    .await;
}

#[tokio::test]
async fn r45_while_a_secret_is_replaced_both_are_good() {
    on_each(
        "r45_while_a_secret_is_replaced_both_are_good",
        async |app| {
            let old = delivery("msg_1", &json!({}));
            let new = Delivery {
                secret: NEW,
                ..delivery("msg_2", &json!({}))
            };
            assert_eq!(old.send(app).await, status("stored"));
            assert_eq!(new.send(app).await, status("stored"));
        },
    )
    .await;
}

#[tokio::test]
async fn r45_what_is_not_signed_by_the_source_now_is_refused_and_not_stored() {
    on_each("r45_what_is_not_signed_by_the_source_now", async |app| {
        let good = delivery("msg_1", &json!({"a": 1}));
        let signature = good.signature();
        let invalid = (401, "invalid_signature".to_owned());
        let changed = Delivery {
            body: br#"{"a":2}"#.to_vec(),
            ..good.clone()
        };
        assert_eq!(refused(changed.send_signed(app, &signature).await), invalid);
        let renamed = Delivery {
            id: "msg_2",
            ..good.clone()
        };
        assert_eq!(refused(renamed.send_signed(app, &signature).await), invalid);
        let stranger = Delivery {
            secret: "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=",
            ..good.clone()
        };
        assert_eq!(refused(stranger.send(app).await), invalid);
        for off in [-310, 310] {
            let stale = Delivery {
                at: good.at + off,
                ..good.clone()
            };
            let answer = refused(stale.send(app).await);
            assert_eq!(answer, (401, "stale_timestamp".to_owned()), "{off}");
        }
        for source in ["unknown", "forge", "SHOP"] {
            let elsewhere = Delivery {
                source,
                ..good.clone()
            };
            assert_eq!(elsewhere.send(app).await.0, 404, "{source}");
        }
        assert!(events(app).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn headers_that_are_missing_or_make_no_sense_are_all_named() {
    let database = fresh("headers").await.swap_remove(0);
    let settings = with_sources(config(&database.url));
    let app = TestApp::start(settings, |b| b.plugin(Webhooks)).await;
    for (path, names) in [
        (
            "/api/webhooks/standard/shop",
            ["webhook-id", "webhook-timestamp", "webhook-signature"],
        ),
        (
            "/api/webhooks/github/forge",
            ["X-GitHub-Delivery", "X-GitHub-Event", "X-Hub-Signature-256"],
        ),
    ] {
        let (status, problem) = app.anonymous().send("POST", path, json!({})).await;
        assert_eq!(status, 400, "{problem}");
        let faults = problem["errors"].as_array().expect("faults");
        let named: Vec<&str> = faults
            .iter()
            .filter_map(|f| f["parameter"].as_str())
            .collect();
        assert_eq!(named, names);
    }
    for (id, at) in [
        ("a.b", "1700000000"),
        ("a", "-5"),
        ("a", "soon"),
        (&"a".repeat(256), "1"),
    ] {
        let request = app
            .anonymous()
            .request(Method::POST, "/api/webhooks/standard/shop");
        let request = request
            .header("webhook-id", id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", "v1,x");
        let (status, _) = answer(request.send().await.expect("an answer")).await;
        assert_eq!(status, 400, "{id} {at}");
    }
    app.stop().await;
}

#[tokio::test]
async fn r45_a_body_over_the_limit_is_refused_before_its_signature_is_looked_at() {
    let database = fresh("limit").await.swap_remove(0);
    let mut settings = with_sources(config(&database.url));
    settings.server.body_limit = 100;
    let app = TestApp::start(settings, |b| b.plugin(Webhooks)).await;
    let large = delivery("msg_1", &json!({"a": "x".repeat(100)}));
    assert_eq!(large.send_signed(&app, "v1,none").await.0, 413);
    assert_eq!(large.send(&app).await.0, 413);
    assert_eq!(
        delivery("msg_2", &json!({})).send(&app).await,
        status("stored")
    );
    app.stop().await;
}

#[tokio::test]
async fn github_signs_the_body_and_names_the_delivery_and_the_event() {
    on_each(
        "github_signs_the_body_and_names_the_delivery_and_the_event",
        async |app| {
            let (_, body, signature) = GITHUB;
            let send = async |id: &str, signature: &str| {
                let request = app
                    .anonymous()
                    .request(Method::POST, "/api/webhooks/github/forge");
                let request = request
                    .header("content-type", "text/plain")
                    .header("x-github-delivery", id)
                    .header("x-github-event", "push")
                    .header("x-hub-signature-256", signature)
                    .body(body);
                answer(request.send().await.expect("an answer")).await
            };
            let id = "72d3162e-cc78-11e3-81ab-4c9367dc0958";
            assert_eq!(send(id, signature).await, status("stored"));
            assert_eq!(send(id, signature).await, status("duplicate"));
            let wrong = signature.replace('7', "8");
            assert_eq!(
                refused(send("other", &wrong).await),
                (401, "invalid_signature".to_owned())
            );
            let all = events(app).await;
            assert_eq!(all.len(), 1);
            assert_eq!(
                (
                    &all[0]["scheme"],
                    &all[0]["event_id"],
                    &all[0]["event_type"],
                    &all[0]["payload"]
                ),
                (
                    &json!("github"),
                    &json!(id),
                    &json!("push"),
                    &json!({"text": body})
                )
            );
            assert!(
                !all[0].to_string().contains("757107ea"),
                "no signature is kept"
            );
        },
    )
    .await;
}
