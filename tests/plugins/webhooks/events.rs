//! What is kept of a delivery, who may touch it, and how the plugin presents itself.

use quarterdeck::config::Config;
use quarterdeck::plugins::webhooks::Webhooks;
use serde_json::json;

use crate::house::app::{TestApp, config};
use crate::house::fresh;

use super::{Delivery, OLD, delivery, events, on_each, status};

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
        let header = match scheme {
            "standard" => "`webhook-signature`",
            _ => "`X-Hub-Signature-256`",
        };
        let description = operation["description"].as_str().unwrap_or_default();
        assert!(description.contains(header), "{description}");
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
