//! Kinds of requests that no route here is for: bodies of other kinds, other protocols, other hosts.

use reqwest::Method;
use serde_json::{Value, json};

use crate::house::tuned::{On, tuned};

use super::wire::{Wire, head};

/// A path of the table with something in the place of its parameters.
fn concrete(path: &str) -> String {
    path.replace(":model/_actions/:name", "book/_actions/discount")
        .replace(":model", "author")
        .replace(":id", "1")
        .replace("*path", "account.css")
}

#[tokio::test]
async fn r31_a_json_endpoint_takes_no_body_that_a_foreign_form_could_send() {
    let name = "r31_a_json_endpoint_takes_no_body_that_a_foreign_form_could_send";
    tuned(
        name,
        On::Sqlite,
        |_| {},
        async |app| {
            let body = json!({"name": "Ada", "slug": "ada", "country": "GB"});
            app.make("author", body.clone()).await;
            let admin = app.login("admin").await;
            let before = admin.get("/api/v1/author/1").await;
            let mut tried = 0;
            let bodied = [Method::POST, Method::PUT, Method::PATCH];
            for (method, path) in app.app.routes() {
                // Pages take forms, and forms alone; these take no body at all.
                let page = path.starts_with("/admin") || path.starts_with("/api/internal");
                let bare = path == "/auth/logout"
                    || path.ends_with("/_restore")
                    || path.ends_with("/link");
                if !bodied.contains(&method) || page || bare {
                    continue;
                }
                let path = concrete(&path);
                for kind in [
                    "text/plain",
                    "text/plain; charset=utf-8",
                    "text/plain;application/json",
                    "multipart/form-data; boundary=x",
                    "application/x-www-form-urlencoded",
                    "application/json+x",
                    "application/jsonp",
                    "text/json",
                    "",
                ] {
                    // What a page of ours sends takes its form, from this site alone (R29).
                    let form = kind == "application/x-www-form-urlencoded";
                    if form
                        && [
                            "/auth/login",
                            "/auth/setup",
                            "/auth/password",
                            "/auth/reset",
                        ]
                        .contains(&path.as_str())
                    {
                        continue;
                    }
                    let request = admin.request(method.clone(), &path);
                    let request = request.header("content-type", kind);
                    let answer = request.body(body.to_string()).send().await.unwrap();
                    assert_eq!(answer.status(), 415, "{method} {path} {kind:?}");
                    tried += 1;
                }
                let request = admin.request(method.clone(), &path);
                let answer = request.body(body.to_string()).send().await.unwrap();
                assert_eq!(answer.status(), 415, "{method} {path} without a kind");
            }
            assert!(tried >= 50, "{tried}");
            assert_eq!(admin.get("/api/v1/author/1").await, before);
            assert_eq!(admin.get("/api/v1/author").await.1["page"]["count"], 1);
        },
    )
    .await;
}

/// There is no endpoint of WebSockets or of events yet. Until there is, no request for one is taken,
/// from whatever origin; and the name of the host is looked at before anything else, everywhere.
#[tokio::test]
async fn r33_no_route_changes_its_protocol_and_none_answers_under_a_foreign_name() {
    let name = "r33_no_route_changes_its_protocol_and_none_answers_under_a_foreign_name";
    tuned(
        name,
        On::Sqlite,
        |_| {},
        async |app| {
            let admin = app.login("admin").await;
            let mut paths: Vec<String> = app
                .app
                .routes()
                .into_iter()
                .map(|(_, p)| concrete(&p))
                .collect();
            paths.extend(["/nowhere".to_owned(), "/mcp".to_owned(), "/ws".to_owned()]);
            paths.sort();
            paths.dedup();
            assert!(paths.len() > 25, "{paths:?}");
            for path in paths {
                for origin in [
                    "http://evil.test",
                    "null",
                    &format!("http://{}", app.address),
                ] {
                    let origin = format!("Origin: {origin}");
                    let headers = [
                        "Connection: Upgrade",
                        "Upgrade: websocket",
                        "Sec-WebSocket-Version: 13",
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                        &origin,
                    ];
                    let mut wire = Wire::open(app).await;
                    wire.send(head(app, &format!("GET {path} HTTP/1.1"), &headers))
                        .await;
                    let answer = wire.answer().await.expect("an answer");
                    assert_ne!(answer.status, 101, "{path} {origin}");
                    assert_eq!(answer.header("upgrade"), None, "{path} {origin}");
                }
                let request = admin.request(Method::GET, &path);
                let answer = request
                    .header("accept", "text/event-stream")
                    .send()
                    .await
                    .unwrap();
                let kind = answer.headers().get("content-type");
                let streams =
                    kind.is_some_and(|k| k.to_str().unwrap().starts_with("text/event-stream"));
                assert!(!streams, "{path}");
                // A name that a rebinding page has made ours is not.
                let mut request = admin.request(Method::GET, &path).build().unwrap();
                request
                    .headers_mut()
                    .insert("host", "rebound.test".parse().unwrap());
                let answer = admin.execute(request).await;
                assert_eq!(answer.status(), 400, "{path}");
                let problem: Value = answer.json().await.unwrap_or_default();
                assert!(
                    problem.is_null()
                        || problem["code"] == "malformed"
                        || problem["errors"][0]["code"] == "unknown_host",
                    "{path} {problem}"
                );
            }
        },
    )
    .await;
}
