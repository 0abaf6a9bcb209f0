//! What every answer carries: the headers that browsers obey.

use quarterdeck::config::Config;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::house::tuned::{On, tuned};

/// What every answer has (R28).
fn check_security(headers: &HeaderMap, what: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        let all: Vec<_> = headers.get_all(name).iter().collect();
        assert_eq!(all, [value], "{name} of {what}");
    }
    assert!(headers.contains_key("permissions-policy"), "{what}");
    let policies: Vec<_> = headers.get_all("content-security-policy").iter().collect();
    assert_eq!(policies.len(), 1, "{what}");
    let policy = policies[0].to_str().unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{part} of {what}: {policy}");
    }
    assert!(
        !policy.contains("script-src 'self' 'unsafe") && !policy.contains("unsafe-eval"),
        "{policy}"
    );
    let id = headers["x-request-id"].to_str().unwrap();
    assert!(id.len() >= 16, "{what}");
    // A37: nobody is told which version this is.
    assert!(!headers.contains_key("server") && !headers.contains_key("x-powered-by"));
}

#[tokio::test]
async fn r28_a26_every_answer_has_the_security_headers_and_none_but_static_ones_is_stored() {
    let name = "r28_a26_every_answer_has_the_security_headers_and_none_but_static_ones_is_stored";
    let tune = |c: &mut Config| {
        c.server.body_limit = 1_000;
        c.internal.secret = Some(quarterdeck::config::Secret::new(
            "q8Zt1vN4yB7wKx2mP5rJ9sDfGhLc3eVa",
        ));
    };
    tuned(name, On::Sqlite, tune, async |app| {
        let admin = app.login("admin").await;
        let body = json!({"name": "Ada", "slug": "ada", "country": "GB"});
        let made = admin
            .request(Method::POST, "/api/v1/author")
            .json(&body)
            .send()
            .await
            .unwrap();
        let etag = made.headers()["etag"].to_str().unwrap().to_owned();
        let path = made.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(made.status(), 201);
        check_security(made.headers(), "201");
        let big = json!({"name": "x".repeat(2_000)});
        let null = &Value::Null;
        let bad = json!({"name": 1});
        for (method, to, header, body, status) in [
            (
                "GET",
                path.as_str(),
                ("if-none-match", etag.as_str()),
                null,
                304,
            ),
            ("GET", &path, ("accept", "*/*"), null, 200),
            ("HEAD", &path, ("accept", "*/*"), null, 200),
            ("OPTIONS", &path, ("accept", "*/*"), null, 204),
            ("GET", "/", ("accept", "*/*"), null, 303),
            ("GET", "/auth/login", ("accept", "text/html"), null, 200),
            ("GET", "/api/docs", ("accept", "text/html"), null, 200),
            ("GET", "/api/v1/author?x=1", ("accept", "*/*"), null, 400),
            ("GET", "/api/internal/health", ("accept", "*/*"), null, 401),
            (
                "GET",
                "/api/internal/health",
                ("authorization", "Bearer x"),
                null,
                403,
            ),
            ("GET", "/nowhere", ("accept", "*/*"), null, 404),
            ("GET", "/nowhere", ("accept", "text/html"), null, 404),
            ("GET", "/admin/nowhere", ("accept", "text/html"), null, 404),
            ("PUT", "/api/v1/author", ("accept", "*/*"), null, 405),
            ("TRACE", "/api/v1/author", ("accept", "*/*"), null, 405),
            ("POST", "/api/v1/author", ("accept", "*/*"), &body, 409),
            ("POST", "/api/v1/author", ("accept", "*/*"), &big, 413),
            (
                "POST",
                "/api/v1/author",
                ("content-type", "text/plain"),
                &body,
                415,
            ),
            ("POST", "/api/v1/author", ("accept", "*/*"), &bad, 422),
            ("POST", "/api/v1/author", ("origin", "null"), &body, 403),
            ("GET", "/healthz", ("x_a", "1"), null, 400),
            ("GET", "/healthz", ("host", "evil.test"), null, 400),
            ("DELETE", &path, ("accept", "*/*"), null, 204),
        ] {
            let mut request = admin.request(method.parse().unwrap(), to);
            if !body.is_null() {
                request = request
                    .header("content-type", "application/json")
                    .body(body.to_string());
            }
            let mut request = request.build().unwrap();
            let (name, value) = header;
            let name: reqwest::header::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
            let response = admin.execute(request).await;
            assert_eq!(response.status(), status, "{method} {to} {header:?}");
            let what = format!("{status} {method} {to} {header:?}");
            check_security(response.headers(), &what);
            assert_eq!(response.headers()["cache-control"], "no-store", "{what}");
            let is_error = status >= 400 && method != "HEAD";
            if is_error {
                let kind = response.headers()["content-type"]
                    .to_str()
                    .unwrap()
                    .to_owned();
                let id = response.headers()["x-request-id"]
                    .to_str()
                    .unwrap()
                    .to_owned();
                if kind == "application/problem+json" {
                    let problem: Value = response.json().await.unwrap();
                    assert_eq!(
                        (&problem["status"], &problem["request_id"]),
                        (&json!(status), &json!(id))
                    );
                } else {
                    assert!(kind.starts_with("text/html"), "{what}: {kind}");
                }
            }
        }
        let kept = admin
            .request(Method::GET, "/static/account.css")
            .send()
            .await
            .unwrap();
        check_security(kept.headers(), "static");
        assert!(
            kept.headers()["cache-control"]
                .to_str()
                .unwrap()
                .starts_with("public")
        );
        assert!(!kept.headers().contains_key("strict-transport-security"));
    })
    .await;
}

#[tokio::test]
async fn r28_over_https_every_answer_insists_on_https() {
    let name = "r28_over_https_every_answer_insists_on_https";
    let tune = |c: &mut Config| c.server.public_url = Some("https://desk.test".to_owned());
    tuned(name, On::Sqlite, tune, async |app| {
        for (path, status) in [
            ("/healthz", 200),
            ("/nowhere", 404),
            ("/static/account.css", 200),
        ] {
            let request = app
                .anonymous()
                .request(Method::GET, path)
                .header("host", "desk.test");
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), status);
            let hsts = response.headers()["strict-transport-security"]
                .to_str()
                .unwrap();
            assert_eq!(hsts, "max-age=31536000; includeSubDomains");
        }
    })
    .await;
}
