//! `/api/webhooks`: deliveries as senders make them, over all three databases.

mod events;
mod signatures;

use quarterdeck::app::AppBuilder;
use quarterdeck::config::Config;
use quarterdeck::plugins::webhooks::Webhooks;
use reqwest::Method;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::house::app::{TestApp, answer, config, on_apps};
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

async fn on_each(test: &str, body: impl AsyncFnMut(&TestApp)) {
    let settings = |url: &str| with_sources(config(url));
    let build = |b: AppBuilder| b.plugin(Webhooks);
    on_apps(test, fresh(test).await, settings, build, body).await;
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
