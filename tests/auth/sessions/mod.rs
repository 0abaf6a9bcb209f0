//! How sessions begin, last and end.

mod begin;
mod end;
mod last;

use std::time::Duration;

use reqwest::Method;

use crate::house::app::{TestApp, config, password};

use super::cookie;

/// Another node of the same installation.
async fn second(app: &TestApp) -> TestApp {
    let mut settings = config(app.app.config.database.url.expose());
    settings.session = app.app.config.session;
    TestApp::start(settings, quarterdeck::demo::register).await
}

/// The cookie of a fresh login.
async fn login(app: &TestApp, name: &str) -> String {
    let client = app.anonymous();
    let form = [("username", name.to_owned()), ("password", password(name))];
    let request = client.request(Method::POST, "/auth/login").form(&form);
    let response = request.send().await.expect("an answer");
    cookie(response.headers()).expect("a cookie")
}

/// Who a cookie is, by status.
async fn whoami(app: &TestApp, value: &str) -> u16 {
    get(app, "/auth/session", value).await
}

async fn get(app: &TestApp, path: &str, value: &str) -> u16 {
    let request = app.anonymous().request(Method::GET, path);
    let request = request.header("cookie", format!("quarterdeck_session={value}"));
    request.send().await.expect("an answer").status().as_u16()
}

/// Waits until a cookie's status on another node is `wanted`.
async fn becomes(app: &TestApp, path: &str, value: &str, wanted: u16) {
    let waiting = async {
        while get(app, path, value).await != wanted {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    waited.unwrap_or_else(|_| panic!("{path} never became {wanted}"));
}
