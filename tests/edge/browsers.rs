//! What browsers are told and what they are refused.

use quarterdeck::config::Config;
use reqwest::header::{HeaderMap, ORIGIN};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::house::app::{Session, TestApp};
use crate::house::tuned::{On, as_it_is, tuned};

/// A path of the table with something in the place of its parameters.
fn concrete(path: &str) -> String {
    path.replace(":model", "author")
        .replace(":id", "1")
        .replace("*path", "account.css")
}

async fn send(
    client: &Session<'_>,
    method: &Method,
    path: &str,
    headers: &[(&str, &str)],
) -> Response {
    let mut request = client.request(method.clone(), path).json(&json!({}));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer")
}

async fn code(response: Response) -> String {
    let text = response.text().await.expect("a body");
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    body["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn r29_a75_no_unsafe_route_takes_a_request_from_another_site() {
    let name = "r29_a75_no_unsafe_route_takes_a_request_from_another_site";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let own = format!("http://{}", app.address);
        let port = format!("http://{}:1", app.address.ip());
        let admin = app.login("admin").await;
        let is_unsafe = |m: &Method| !matches!(*m, Method::GET | Method::HEAD | Method::OPTIONS);
        let routes: Vec<_> = app
            .app
            .routes()
            .into_iter()
            .filter(|(m, _)| is_unsafe(m))
            .collect();
        assert!(routes.len() >= 10, "{routes:?}");
        for (method, path) in routes {
            // Without a secret the internal group is not there at all.
            let internal = path.starts_with("/api/internal");
            let path = concrete(&path);
            for refused in [
                &[("sec-fetch-site", "cross-site")][..],
                &[("sec-fetch-site", "same-site")],
                &[("sec-fetch-site", "something-new")],
                &[("sec-fetch-site", "")],
                &[("sec-fetch-site", "cross-site"), ("origin", &own)],
                &[
                    ("sec-fetch-site", "same-origin"),
                    ("sec-fetch-site", "cross-site"),
                ],
                &[("origin", "null")],
                &[("origin", "http://evil.test")],
                &[("origin", &port)],
                &[("origin", "")],
                &[("origin", &own), ("origin", "http://evil.test")],
            ] {
                let response = send(&admin, &method, &path, refused).await;
                let status = response.status().as_u16();
                let wanted = if internal { 404 } else { 403 };
                assert_eq!(status, wanted, "{method} {path} {refused:?}");
                if !internal {
                    assert_eq!(code(response).await, "cross_site");
                }
            }
            for let_in in [
                &[][..],
                &[("sec-fetch-site", "same-origin")],
                &[("sec-fetch-site", "none")],
                &[("origin", own.as_str())],
            ] {
                let response = send(&app.anonymous(), &method, &path, let_in).await;
                assert_ne!(
                    code(response).await,
                    "cross_site",
                    "{method} {path} {let_in:?}"
                );
            }
        }
        assert_eq!(admin.get("/auth/session").await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn r29_behind_a_public_url_only_its_origin_is_our_own() {
    let name = "r29_behind_a_public_url_only_its_origin_is_our_own";
    let tune = |c: &mut Config| c.server.public_url = Some("https://desk.test".to_owned());
    tuned(name, On::Sqlite, tune, async |app| {
        for (origin, refused) in [
            ("https://desk.test", false),
            ("http://desk.test", true),
            ("https://desk.test:444", true),
            ("https://desk.test.evil.test", true),
            ("https://evil-desk.test", true),
            ("null", true),
        ] {
            let headers = [("host", "desk.test"), ("origin", origin)];
            let response = send(&app.anonymous(), &Method::POST, "/auth/logout", &headers).await;
            assert_eq!(response.status() == 403, refused, "{origin}");
        }
    })
    .await;
}

#[tokio::test]
async fn r29_a_token_is_no_cookie_and_works_from_anywhere() {
    let name = "r29_a_token_is_no_cookie_and_works_from_anywhere";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let db = app.app.engine.db();
        let new = quarterdeck::auth::tokens::NewToken {
            user_id: 1,
            name: "test".to_owned(),
            scopes: None,
            expires_at: None,
        };
        let token = quarterdeck::auth::tokens::create(db, new).await.unwrap();
        let body = json!({"name": "Ada", "slug": "ada", "country": "GB"});
        for (key, status) in [(token.expose(), 201), ("qd_wrong", 403)] {
            let request = app.anonymous().request(Method::POST, "/api/v1/author");
            let request = request
                .header("x-api-key", key)
                .header("sec-fetch-site", "cross-site");
            assert_eq!(request.json(&body).send().await.unwrap().status(), status);
        }
    })
    .await;
}

/// Every record of every model but the seals, which come at their time; of sessions their keys alone,
/// because a look at a page is noted.
async fn everything(app: &TestApp, admin: &Session<'_>) -> Vec<String> {
    let mut all = Vec::new();
    let models = app.app.engine.registry().models().iter();
    for model in models.filter(|m| m.slug != "qd_audit_seal") {
        let only = if model.slug == "qd_session" {
            "&fields=id"
        } else {
            ""
        };
        let path = format!("/api/v1/{}?limit=100&count=exact{only}", model.slug);
        let (status, found) = admin.get(&path).await;
        assert_eq!(status, 200, "{path}");
        all.push(found.to_string());
    }
    all
}

#[tokio::test]
async fn r30_no_safe_request_changes_anything() {
    let name = "r30_no_safe_request_changes_anything";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let body = json!({"name": "Ada", "slug": "ada", "country": "GB"});
        app.make("author", body).await;
        let admin = app.login("admin").await;
        let before = everything(app, &admin).await;
        for (method, path) in app.app.routes() {
            if method == Method::GET {
                for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
                    drop(
                        admin
                            .request(method, &concrete(&path))
                            .send()
                            .await
                            .unwrap(),
                    );
                }
            }
        }
        // A page that asks whether to do something has tried it, in a transaction that it took back.
        assert_eq!(everything(app, &admin).await, before);
    })
    .await;
}

async fn from_origin(app: &TestApp, method: Method, origin: &str) -> HeaderMap {
    let request = app
        .anonymous()
        .request(method, "/api/v1/author")
        .header(ORIGIN, origin);
    let request = request.header("access-control-request-method", "PATCH");
    request.send().await.expect("an answer").headers().clone()
}

#[tokio::test]
async fn r32_a12_no_other_origin_may_read_answers_unless_it_is_named() {
    let name = "r32_a12_no_other_origin_may_read_answers_unless_it_is_named";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        for method in [Method::GET, Method::OPTIONS] {
            for origin in ["https://evil.test", "null", "http://localhost"] {
                let headers = from_origin(app, method.clone(), origin).await;
                assert!(
                    !headers
                        .keys()
                        .any(|k| k.as_str().starts_with("access-control"))
                );
            }
        }
    })
    .await;
    let tune = |c: &mut Config| c.server.cors_origins = vec!["https://app.test".to_owned()];
    tuned(name, On::Sqlite, tune, async |app| {
        for method in [Method::GET, Method::OPTIONS] {
            let headers = from_origin(app, method.clone(), "https://app.test").await;
            assert_eq!(headers["access-control-allow-origin"], "https://app.test");
            assert!(!headers.contains_key("access-control-allow-credentials"));
            assert!(headers["vary"].to_str().unwrap().contains("Origin"));
            for origin in [
                "null",
                "*",
                "http://app.test",
                "https://app.test:444",
                "https://app.test.evil.test",
                "https://evilapp.test",
                "https://app.testx",
                "https://sub.app.test",
                "HTTPS://APP.TEST/",
            ] {
                let headers = from_origin(app, method.clone(), origin).await;
                assert!(
                    !headers.contains_key("access-control-allow-origin"),
                    "{origin}"
                );
                assert!(headers["vary"].to_str().unwrap().contains("Origin"));
            }
        }
        let headers = from_origin(app, Method::OPTIONS, "https://app.test").await;
        for (name, part) in [
            ("access-control-allow-methods", "PATCH"),
            ("access-control-allow-headers", "Authorization"),
            ("access-control-allow-headers", "If-Match"),
        ] {
            assert!(headers[name].to_str().unwrap().contains(part), "{name}");
        }
    })
    .await;
}
