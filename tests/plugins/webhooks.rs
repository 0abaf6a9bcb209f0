//! `/api/webhooks`: deliveries as senders make them, over all three databases.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use quarterdeck::config::Config;
use quarterdeck::plugins::webhooks::Webhooks;
use reqwest::Method;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::house::app::{TestApp, answer, config};
use crate::house::fresh;

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// GitHub's documented example: secret, body, signature.
const GITHUB: (&str, &str, &str) = (
    "It's a Secret to Everybody",
    "Hello, World!",
    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
);

fn with_sources(config: Config) -> Config {
    config
        .with_plugin("webhooks", "shop_secret", &format!("{OLD},{NEW}"))
        .with_plugin("webhooks", "forge_secret", GITHUB.0)
}

async fn on_each(test: &str, mut body: impl AsyncFnMut(&TestApp)) {
    for database in fresh(test).await {
        let settings = with_sources(config(&database.url));
        let app = TestApp::start(settings, |b| b.plugin(Webhooks)).await;
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

/// A delivery of Standard Webhooks.
#[derive(Clone)]
struct Delivery {
    source: &'static str,
    secret: &'static str,
    id: &'static str,
    at: i64,
    body: Vec<u8>,
}

fn delivery(id: &'static str, body: &Value) -> Delivery {
    Delivery {
        source: "shop",
        secret: OLD,
        id,
        at: chrono::Utc::now().timestamp(),
        body: body.to_string().into_bytes(),
    }
}

impl Delivery {
    fn signature(&self) -> String {
        let webhook = Webhook::new(self.secret).expect("a secret");
        webhook
            .sign(self.id, self.at, &self.body)
            .expect("a signature")
    }

    async fn send(&self, app: &TestApp) -> (u16, Value) {
        self.send_signed(app, &self.signature()).await
    }

    async fn send_signed(&self, app: &TestApp, signature: &str) -> (u16, Value) {
        let path = format!("/api/webhooks/standard/{}", self.source);
        let request = app.anonymous().request(Method::POST, &path);
        let request = request
            .header("content-type", "application/json")
            .header("authorization", "Basic aHVzaDpodXNo")
            .header("user-agent", "Shop/1")
            .header("webhook-id", self.id)
            .header("webhook-timestamp", self.at)
            .header("webhook-signature", signature)
            .body(self.body.clone());
        answer(request.send().await.expect("an answer")).await
    }
}

async fn events(app: &TestApp) -> Vec<Value> {
    let admin = app.login("admin").await;
    let (status, page) = admin.get("/api/v1/webhook_event?sort=id&limit=100").await;
    assert_eq!(status, 200, "{page}");
    page["data"].as_array().expect("records").clone()
}

fn status(word: &str) -> (u16, Value) {
    (200, json!({"status": word}))
}

fn refused((status, problem): (u16, Value)) -> (u16, String) {
    (
        status,
        problem["code"].as_str().unwrap_or_default().to_owned(),
    )
}

#[tokio::test]
async fn a_signed_event_is_stored_as_it_came_and_audited() {
    on_each("a_signed_event_is_stored_as_it_came_and_audited", async |app| {
        let body = json!({"type": "invoice.paid", "data": {"id": 7, "sum": "1.50", "note": "žluť 😀"}});
        let sent = delivery("msg_1", &body);
        assert_eq!(sent.send(app).await, status("stored"));
        let all = events(app).await;
        assert_eq!(all.len(), 1, "{all:?}");
        let event = &all[0];
        for (field, value) in [
            ("source", json!("shop")),
            ("scheme", json!("standard")),
            ("event_id", json!("msg_1")),
            ("event_type", json!("invoice.paid")),
            ("payload", body),
            (
                "headers",
                json!({
                    "content-type": "application/json",
                    "user-agent": "Shop/1",
                    "webhook-id": "msg_1",
                    "webhook-timestamp": sent.at.to_string(),
                }),
            ),
        ] {
            assert_eq!(event[field], value, "{field}");
        }
        let admin = app.login("admin").await;
        let (_, audit) = admin.get("/api/v1/qd_audit?model=webhook_event").await;
        let entry = &audit["data"][0];
        assert_eq!(
            (&entry["door"], &entry["username"], &entry["user_id"], &entry["verb"]),
            (&json!("plugin"), &json!("system"), &json!(null), &json!("create"))
        );
    })
    .await;
}

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

#[tokio::test]
async fn a_body_that_no_json_column_keeps_is_kept_as_text_or_bytes() {
    on_each(
        "a_body_that_no_json_column_keeps_is_kept_as_text_or_bytes",
        async |app| {
            for (id, body, kept) in [
                (
                    "a",
                    &br#"{"a":"\u0000"}"#[..],
                    json!({"text": r#"{"a":"\u0000"}"#}),
                ),
                (
                    "b",
                    br#"{"a":1,"a":2}"#,
                    json!({"text": r#"{"a":1,"a":2}"#}),
                ),
                ("c", b"a\0b", json!({"base64": "YQBi"})),
                ("d", b"", json!({"text": ""})),
                ("e", b"7", json!(7)),
            ] {
                let sent = Delivery {
                    body: body.to_vec(),
                    ..delivery(id, &json!({}))
                };
                assert_eq!(sent.send(app).await, status("stored"), "{id}");
                let all = events(app).await;
                assert_eq!(all.last().expect("an event")["payload"], kept, "{id}");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a46_nobody_writes_an_event_but_the_plugin() {
    on_each("a46_nobody_writes_an_event_but_the_plugin", async |app| {
        assert_eq!(
            delivery("msg_1", &json!({})).send(app).await,
            status("stored")
        );
        let admin = app.login("admin").await;
        let id = events(app).await[0]["id"].clone();
        let path = format!("/api/v1/webhook_event/{id}");
        let forged = json!({"source": "shop", "scheme": "standard", "event_id": "forged",
            "received_at": "2026-01-01T00:00:00Z", "headers": {}, "payload": {}});
        for (method, path) in [
            ("POST", "/api/v1/webhook_event"),
            ("PUT", path.as_str()),
            ("PATCH", path.as_str()),
        ] {
            let (status, problem) = admin.send(method, path, forged.clone()).await;
            assert_eq!(status, 405, "{method} {problem}");
        }
        let (_, model) = admin.get("/api/v1/_models/webhook_event").await;
        assert_eq!(model["verbs"], json!(["list", "read", "delete"]));
        assert_eq!(app.anonymous().get("/api/v1/webhook_event").await.0, 401);
        assert_eq!(admin.send("DELETE", &path, json!(null)).await.0, 204);
    })
    .await;
}

#[tokio::test]
async fn the_document_shows_both_operations_to_everybody() {
    let database = fresh("document").await.swap_remove(0);
    let app = TestApp::start(config(&database.url), |b| b.plugin(Webhooks)).await;
    let (_, document) = app.anonymous().get("/api/openapi.json").await;
    for scheme in ["standard", "github"] {
        let operation = &document["paths"][format!("/api/webhooks/{scheme}/{{source}}")]["post"];
        assert_eq!(operation["security"], json!([]), "{operation}");
        let header = format!(
            "`{}`",
            match scheme {
                "standard" => "webhook-signature",
                _ => "X-Hub-Signature-256",
            }
        );
        let description = operation["description"].as_str().unwrap_or_default();
        assert!(description.contains(&header), "{description}");
        for status in ["200", "400", "401", "404", "413", "415", "429"] {
            let response = &operation["responses"][status];
            assert!(response.is_object(), "{scheme} {status}");
            if let Some(pointer) = response["$ref"].as_str() {
                let target = document.pointer(pointer.trim_start_matches('#'));
                assert!(target.is_some(), "{pointer}");
            }
        }
        assert!(operation["requestBody"]["content"]["application/json"].is_object());
    }
    app.stop().await;
}

#[test]
fn a_weak_secret_or_an_unknown_setting_stops_the_start() {
    let check = |key: &str, value: &str| {
        let config = Config::default().with_plugin("webhooks", key, value);
        let app = quarterdeck::app::App::builder(config).plugin(Webhooks);
        app.check().iter().map(|f| f.id).collect::<Vec<_>>()
    };
    assert_eq!(check("shop_secret", OLD), [""; 0]);
    assert_eq!(check("shop_secret", "short"), ["webhooks.E001"]);
    assert_eq!(check("shop_secrets", OLD), ["plugin.E003"]);
}
