//! Every route is known, documented and closed unless it is meant to be open.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::house::tuned::{On, tuned};

/// Routes that are no part of the API: pages, files, and the group of the internal secret.
fn is_undocumented(path: &str) -> bool {
    const PAGES: [&str; 7] = [
        "/",
        "/docs",
        "/api/docs",
        "/api/openapi.json",
        "/auth/forgotten",
        "/auth/setup",
        "/static/*path",
    ];
    let admin = path == "/admin" || path.starts_with("/admin/");
    PAGES.contains(&path) || admin || path.starts_with("/api/internal/")
}

/// `GET /auth/sessions/:`: methods and paths without the names of parameters.
fn shape(method: &str, path: &str) -> String {
    let parts: Vec<_> = path
        .split('/')
        .map(|part| {
            if part.starts_with([':', '{']) {
                ":"
            } else {
                part
            }
        })
        .collect();
    format!("{} {}", method.to_uppercase(), parts.join("/"))
}

#[tokio::test]
async fn r62_the_router_and_the_openapi_document_name_the_same_operations() {
    let name = "r62_the_router_and_the_openapi_document_name_the_same_operations";
    tuned(
        name,
        On::Sqlite,
        |_| {},
        async |app| {
            let routed: BTreeSet<String> = app
                .app
                .routes()
                .iter()
                .filter(|(m, p)| {
                    let is_card = ["/auth/login", "/auth/reset"].contains(&p.as_str());
                    !(is_undocumented(p) || is_card && m == Method::GET)
                })
                .map(|(m, p)| shape(m.as_str(), p))
                .collect();
            let admin = app.login("admin").await;
            let (_, document) = admin.get("/api/openapi.json").await;
            let registry = app.app.engine.registry();
            let mut documented = BTreeSet::new();
            for (path, methods) in document["paths"].as_object().unwrap() {
                let mut path = path.clone();
                for model in registry.models() {
                    if path.starts_with(&format!("/api/v1/{}/_actions/", model.slug)) {
                        path = "/api/v1/:model/_actions/:name".to_owned();
                    }
                    for end in [
                        "",
                        "/{id}",
                        "/_search",
                        "/_bulk",
                        "/_aggregate",
                        "/_export",
                        "/_import",
                        "/_export",
                        "/{id}/_history",
                        "/{id}/_revert",
                        "/{id}/_restore",
                    ] {
                        if path == format!("/api/v1/{}{end}", model.slug) {
                            path = format!("/api/v1/:model{end}");
                        }
                    }
                }
                for method in methods.as_object().unwrap().keys() {
                    if matches!(method.as_str(), "get" | "put" | "post" | "patch" | "delete") {
                        documented.insert(shape(method, &path));
                    }
                }
            }
            assert_eq!(routed, documented);
        },
    )
    .await;
}

#[tokio::test]
async fn r62_a32_without_credentials_only_the_open_routes_answer() {
    let name = "r62_a32_without_credentials_only_the_open_routes_answer";
    const OPEN: [&str; 16] = [
        "GET /",
        "GET /docs",
        "GET /api/docs",
        "GET /api/openapi.json",
        "GET /auth/login",
        "POST /auth/login",
        "POST /auth/logout",
        "GET /auth/forgotten",
        "GET /auth/reset",
        "POST /auth/reset",
        "GET /auth/setup",
        "POST /auth/setup",
        "GET /health",
        "GET /healthz",
        "GET /readyz",
        "GET /static/*path",
    ];
    tuned(
        name,
        On::Sqlite,
        |_| {},
        async |app| {
            for (method, path) in app.app.routes() {
                if OPEN.contains(&format!("{method} {path}").as_str()) {
                    continue;
                }
                let at = path.replace(":model", "author").replace(":id", "1");
                let page = path.starts_with("/admin") && method == Method::GET;
                let wanted = match path.starts_with("/api/internal/") {
                    true => 404,
                    // A page leads to the login.
                    false if page => 303,
                    false => 401,
                };
                let (status, body) = app.anonymous().send(method.as_str(), &at, json!({})).await;
                assert_eq!(status, wanted, "{method} {path} {body}");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a37_nobody_without_credentials_learns_a_model_or_the_version() {
    let name = "a37_nobody_without_credentials_learns_a_model_or_the_version";
    tuned(
        name,
        On::Sqlite,
        |_| {},
        async |app| {
            let client = app.anonymous();
            for path in [
                "/api/openapi.json",
                "/health",
                "/healthz",
                "/readyz",
                "/auth/login",
                "/nowhere",
            ] {
                let text = client
                    .request(Method::GET, path)
                    .send()
                    .await
                    .unwrap()
                    .text()
                    .await
                    .unwrap();
                for word in [env!("CARGO_PKG_VERSION"), "author", "qd_user", "sqlite"] {
                    assert!(!text.contains(word), "{path} {word}: {text}");
                }
            }
            let (_, problem): (_, Value) = client.get("/api/v1/author").await;
            assert_eq!(problem["status"], 401);
        },
    )
    .await;
}
