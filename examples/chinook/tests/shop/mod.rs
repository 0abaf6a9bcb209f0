//! The shop served on a port of its own, and a client of it.

use std::sync::Arc;

use quarterdeck::acl::Principal;
use quarterdeck::app::App;
use quarterdeck::auth::accounts;
use quarterdeck::config::{Config, DatabaseUrl};
use quarterdeck::crud::Context;
use quarterdeck::model::Input;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Serves Chinook with a clerk who may do everything.
pub(crate) async fn start(url: &str) -> (App, String, oneshot::Sender<()>) {
    let mut config = Config::default();
    config.database.url = DatabaseUrl::parse(url).unwrap();
    config.database.max_connections = 4;
    config.rate_limit.per_principal = 1_000_000;
    let app = chinook::register(App::builder(config))
        .build()
        .await
        .unwrap();
    assert_eq!(app.findings(), []);
    let user = app.engine.model("qd_user").unwrap().id;
    let ctx = Context {
        principal: Arc::new(Principal::system()),
        ..Context::operator()
    };
    let body = Input::from(&json!({"username": "clerk", "is_superuser": true}));
    let made = app.engine.create(&ctx, user, body).await.unwrap();
    let id = made.key.parse().unwrap();
    let passwords = &app.accounts.passwords;
    accounts::set_password(app.engine.db(), passwords, id, "clerk of the shop")
        .await
        .unwrap();
    app.identity.changed();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let server = app.clone();
    tokio::spawn(async move {
        server
            .serve(listener, async move { drop(stopped.await) })
            .await;
    });
    (app, address, stop)
}

/// A logged-in client.
pub(crate) struct Shop {
    client: Client,
    address: String,
}

impl Shop {
    pub(crate) async fn login(address: &str) -> Self {
        let client = Client::builder()
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let form = [("username", "clerk"), ("password", "clerk of the shop")];
        let answer = client.post(format!("{address}/auth/login")).form(&form);
        assert_eq!(answer.send().await.unwrap().status(), 303);
        Self {
            client,
            address: address.to_owned(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let url = format!("{}/api/v1/{path}", self.address);
        let mut request = self.client.request(method, url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    pub(crate) async fn patch_price(&self, price: &str) -> Value {
        let body = json!({ "unit_price": price });
        let (status, body) = self.ask(Method::PATCH, "track/1", Some(body)).await;
        assert_eq!(status, 200, "{body}");
        body
    }
}
