//! Which methods a path has, and which paths there are.

use reqwest::Method;
use serde_json::json;

use crate::house::tuned::{On, as_it_is, tuned};

use super::wire::{head, once};

#[tokio::test]
async fn a64_a_method_that_a_path_lacks_is_405_with_the_true_list() {
    let name = "a64_a_method_that_a_path_lacks_is_405_with_the_true_list";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let admin = app.login("admin").await;
        for (path, allow) in [
            ("/api/v1/author", "GET, POST, HEAD, OPTIONS"),
            ("/api/v1/author/1", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
            ("/api/v1/qd_audit", "GET, HEAD, OPTIONS"),
            ("/api/v1/qd_audit/1", "GET, HEAD, OPTIONS"),
            ("/api/v1/qd_session/1", "GET, DELETE, HEAD, OPTIONS"),
            ("/auth/login", "GET, POST, HEAD, OPTIONS"),
            ("/auth/logout", "POST, OPTIONS"),
            ("/healthz", "GET, HEAD, OPTIONS"),
        ] {
            let sorted = |text: &str| {
                let mut all: Vec<_> = text.split(", ").map(str::to_owned).collect();
                all.sort();
                all
            };
            for method in ["BREW", "PROPFIND", "get", "LINK", "TRACE", "CONNECT"] {
                let method: Method = method.parse().unwrap();
                if method == Method::CONNECT {
                    continue;
                }
                let response = admin.request(method.clone(), path).send().await.unwrap();
                assert_eq!(response.status(), 405, "{method} {path}");
                let allowed = response.headers()["allow"].to_str().unwrap();
                if method != Method::TRACE {
                    assert_eq!(sorted(allowed), sorted(allow), "{method} {path}");
                }
                assert!(!allowed.contains("TRACE"));
            }
            let options = admin.request(Method::OPTIONS, path).send().await.unwrap();
            assert_eq!(options.status(), 204, "{path}");
            assert_eq!(
                sorted(options.headers()["allow"].to_str().unwrap()),
                sorted(allow),
                "{path}"
            );
        }
        let connect = once(
            app,
            head(
                app,
                "CONNECT evil.test:443 HTTP/1.1",
                &["Host: evil.test:443"],
            ),
        )
        .await;
        assert!(matches!(connect.map(|a| a.status), Some(400 | 405)));
    })
    .await;
}

#[tokio::test]
async fn a60_only_the_exact_path_reaches_a_model() {
    let name = "a60_only_the_exact_path_reaches_a_model";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let admin = app.login("admin").await;
        // What the other spellings would lead to is there.
        let body = json!({"name": "Ada", "slug": "ada", "country": "GB"});
        assert_eq!(app.make("author", body).await["id"], 1);
        let exact = [
            "/api/v1/author",
            "/api/v1/author/1",
            "/admin/author",
            "/admin/author/1",
        ];
        for path in exact.into_iter().chain(["/static/account.css"]) {
            assert_eq!(admin.get(path).await.0, 200, "{path}");
        }
        for path in [
            "/api/v1/author%0a",
            "/api/v1/author%00",
            "/api/v1/author%20",
            "/api/v1/author;x",
            "/api/v1/Author",
            "/api/v1/AUTHOR",
            "//api/v1/author",
            "/api//v1/author",
            "/api/v1//author",
            "/api/v1/author//",
            "/api/v1/author/1/",
            "/api/v1/author/1%0a",
            "/api/v1/author/1;x",
            "/api/v1/author/%31%20",
            "/api/v1/author/+1",
            "/api/v1/author/01",
            "/api/v1/author%2f1",
            "/api/v1/%2e%2e/health",
            "/api/v1/author/..%2f..%2fhealth",
            "/api/v1/author/1.0",
            "/api/v1/author/1e0",
            "/api/v2/author",
            "/API/v1/author",
            "/api/v1/author/%ff",
            "/api/v1/%ff",
            "/api/v1/author/1%00",
            "/admin/author%0a",
            "/admin/Author",
            "/admin/author/1%0a",
            "/admin/author/01",
            "/admin/author/1;x",
            "/admin/author/1/delete%0a",
            "/ADMIN/author",
            "/static/..%2fCargo.toml",
            "/static/%2e%2e/Cargo.toml",
            "/static//etc/passwd",
            "/static/",
            "/static",
        ] {
            let text = head(app, &format!("GET {path} HTTP/1.1"), &[]);
            let anonymous = once(app, text).await.expect("an answer");
            let (status, body) = admin.get(path).await;
            assert_eq!(status, 404, "{path} {body}");
            assert!(
                matches!(anonymous.status, 303 | 401 | 404),
                "{path} {anonymous:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a60_the_address_of_a_record_leads_to_it_whatever_its_key_contains() {
    let name = "a60_the_address_of_a_record_leads_to_it_whatever_its_key_contains";
    tuned(name, On::Each, as_it_is, async |app| {
        let admin = app.login("admin").await;
        let at = "2026-01-01T00:00:00Z";
        // What a second decoding would take for another record.
        for code in [
            "aA", "a%41", "a%2541", "a/b", "a%2Fb", "a,b", "ü x", "100%", "a?b#c",
        ] {
            let body = json!({"code": code, "body": code, "created_at": at});
            let request = admin
                .request(Method::POST, "/api/v1/staff_note")
                .json(&body);
            let made = request.send().await.unwrap();
            assert_eq!(made.status(), 201, "{code}");
            let path = made.headers()["location"].to_str().unwrap().to_owned();
            let (status, read) = admin.get(&path).await;
            assert_eq!((status, &read["code"]), (200, &json!(code)), "{path}");
            let (status, _) = admin.send("PATCH", &path, json!({"body": "changed"})).await;
            assert_eq!(status, 200, "{path}");
        }
        let (_, all) = admin.get("/api/v1/staff_note?body=changed").await;
        assert_eq!(all["page"]["count"], 9);
    })
    .await;
}
