//! What the server leaves behind in its logs, its numbers and its documents.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{Place, Served};

const PASSWORD: &str = "canary-password-7f3a91";
const INTERNAL: &str = "q8Zt1vN4yB7wKx2mP5rJ9sDfGhLc3eVa";
const BEFORE: &str = "Wm3kT6uY9zR2xC5vB8nQ1pLhJgFdS4aE";
const WEBHOOK: &str = "whsec_Y2FuYXJ5d2ViaG9va3NlY3JldDAxMjM0NTY3ODk=";
/// What somebody wrote about a person.
const PERSONAL: &str = "canary-biography-5d21c8";
const EMAIL: &str = "canary.mail.88aa@example.org";

fn settings(format: &'static str) -> [(&'static str, &'static str); 6] {
    [
        ("QUARTERDECK_LOG_FORMAT", format),
        ("QUARTERDECK_LOG_LEVEL", "trace"),
        ("INTERNAL_API_SECRET", INTERNAL),
        ("INTERNAL_API_SECRET_PREVIOUS", BEFORE),
        ("QUARTERDECK_PLUGIN_WEBHOOKS_SHOP_SECRET", WEBHOOK),
        ("RUST_LOG", "trace"),
    ]
}

/// Does with the server what people do, right and wrong, with secrets and personal texts everywhere
/// that they go; the cookie that it was given.
async fn live(served: &Served, token: &str) -> String {
    let client = reqwest::Client::new();
    let send = async |method: &str, path: &str, headers: &[(&str, &str)], body: Value| {
        let mut request = client.request(method.parse().expect("a method"), served.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        request.send().await.expect("an answer")
    };
    let key = [("x-api-key", token)];
    let user = json!({"username": "ada", "email": EMAIL, "full_name": PERSONAL});
    assert_eq!(
        send("POST", "/api/v1/qd_user", &key, user).await.status(),
        201
    );
    for (name, secret, status) in [
        ("root", PASSWORD, 200),
        ("ada", PASSWORD, 401),
        (PASSWORD, PASSWORD, 401),
    ] {
        let body = json!({"username": name, "password": secret});
        assert_eq!(
            send("POST", "/auth/login", &[], body).await.status(),
            status
        );
    }
    let body = json!({"username": "root", "password": PASSWORD});
    let login = send("POST", "/auth/login", &[], body).await;
    let cookie = login.headers()["set-cookie"].to_str().expect("text");
    let cookie = cookie.split([';', '=']).nth(1).expect("a value").to_owned();
    let pair = format!("quarterdeck_session={cookie}");
    let own = [("cookie", pair.as_str())];
    for path in [
        "/auth/session",
        "/admin",
        "/admin/qd_user",
        "/api/v1/qd_session",
    ] {
        assert_eq!(
            send("GET", path, &own, Value::Null).await.status(),
            200,
            "{path}"
        );
    }
    let change = json!({"current": PASSWORD, "new": PASSWORD});
    send("POST", "/auth/password", &own, change).await;
    let body = json!({"name": "Ada", "slug": "ada", "country": "GB", "biography": PERSONAL});
    assert_eq!(
        send("POST", "/api/v1/author", &key, body.clone())
            .await
            .status(),
        201
    );
    // A conflict, a fault, a fault in every place, a search.
    assert_eq!(
        send("POST", "/api/v1/author", &key, body).await.status(),
        409
    );
    let wrong = json!({"name": PERSONAL.repeat(50), "born": PERSONAL, PERSONAL: 1});
    assert_eq!(
        send("POST", "/api/v1/author", &key, wrong).await.status(),
        422
    );
    for query in [
        format!("biography__icontains={PERSONAL}"),
        format!("born={PERSONAL}"),
        format!("q={PERSONAL}"),
        format!("zz={EMAIL}"),
        format!("access_token={token}"),
    ] {
        for door in ["/api/v1", "/admin"] {
            send("GET", &format!("{door}/author?{query}"), &key, Value::Null).await;
        }
    }
    // Secrets where they belong and where they do not.
    let bearer = |secret: &str| format!("Bearer {secret}");
    for secret in [INTERNAL, BEFORE, token, PASSWORD, WEBHOOK] {
        let header = bearer(secret);
        for path in ["/api/internal/health", "/api/v1/author"] {
            send("GET", path, &[("authorization", &header)], Value::Null).await;
        }
    }
    let signed = [
        ("webhook-id", "1"),
        ("webhook-timestamp", "1"),
        ("webhook-signature", WEBHOOK),
    ];
    send(
        "POST",
        "/api/webhooks/standard/shop",
        &signed,
        json!({"a": PERSONAL}),
    )
    .await;
    let both = [("x-api-key", token), ("authorization", token)];
    send("GET", "/api/v1/author", &both, Value::Null).await;
    cookie
}

async fn get(served: &Served, token: &str, path: &str) -> String {
    let client = reqwest::Client::new();
    let request = client.get(served.url(path)).header("x-api-key", token);
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.expect("a text")
}

/// A place with a superuser whose password is a canary, and its token.
fn place() -> (Place, String) {
    let place = Place::new();
    let made = place.feed(
        &["user", "create", "root", "--superuser", "--password-stdin"],
        PASSWORD,
    );
    assert_eq!(made.code, 0, "{made:?}");
    let made = place.run(&["token", "create", "--user", "root"]);
    assert_eq!(made.code, 0, "{made:?}");
    (place, made.out.trim().to_owned())
}

#[tokio::test]
async fn r56_no_secret_and_nothing_personal_is_in_a_log_a_number_or_a_document() {
    for format in ["json", "text"] {
        let (place, token) = place();
        let served = place.serve(&settings(format), &["--demo"]);
        let cookie = live(&served, &token).await;
        let secrets = [
            PASSWORD,
            INTERNAL,
            BEFORE,
            WEBHOOK,
            &WEBHOOK[6..],
            &token,
            &token[3..],
            &cookie,
            "argon2id",
        ];
        for path in [
            "/metrics",
            "/api/openapi.json",
            "/api/v1/_models",
            "/api/v1/qd_audit?limit=100",
            "/api/v1/qd_user",
            "/api/v1/qd_token",
            "/api/v1/qd_session",
        ] {
            let document = get(&served, &token, path).await;
            for secret in secrets {
                assert!(!document.contains(secret), "{secret} in {path}: {document}");
            }
            if ["/metrics", "/api/openapi.json", "/api/v1/_models"].contains(&path) {
                assert!(!document.contains("canary"), "{path}");
            }
        }
        served.signal("-TERM");
        let (code, log) = served.end();
        assert_eq!(code, Some(0));
        assert!(log.lines().count() > 40, "{log}");
        for word in secrets.into_iter().chain([PERSONAL, EMAIL, "canary.mail"]) {
            // The name that was typed at a login is whatever somebody typed; it is told below.
            let lines: Vec<&str> = log.lines().filter(|l| l.contains(word)).collect();
            assert!(lines.is_empty(), "{word}: {lines:#?}");
        }
    }
}

#[tokio::test]
async fn r57_each_answer_has_one_line_with_its_id_and_a_client_makes_none_of_its_own() {
    let place = Place::new();
    let token = place.token();
    let json = [("QUARTERDECK_LOG_FORMAT", "json")];
    let served = place.serve(&json, &["--demo"]);
    let client = reqwest::Client::new();
    let mut ids = Vec::new();
    for (method, path, status) in [
        ("GET", "/api/v1/author", 200),
        ("GET", "/admin", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/api/v1/author?zz=1", 400),
        ("PUT", "/api/v1/author", 405),
        ("DELETE", "/api/v1/author/999", 404),
    ] {
        for given in [
            "",
            "forged-id",
            "a\" , \"level\":\"x",
            "0198a000-0000-7000-8000-000000000000",
        ] {
            let request = client.request(method.parse().expect("a method"), served.url(path));
            let request = request
                .header("x-api-key", &token)
                .header("x-request-id", given);
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), status, "{method} {path}");
            let id = answer.headers()["x-request-id"]
                .to_str()
                .expect("text")
                .to_owned();
            assert_ne!(id, given);
            let problem: Value = answer.json().await.unwrap_or_default();
            if status >= 400 {
                assert_eq!(problem["request_id"], id.as_str(), "{method} {path}");
            }
            ids.push((id, status));
        }
    }
    let unique: HashSet<&String> = ids.iter().map(|(id, _)| id).collect();
    assert_eq!(unique.len(), ids.len());
    served.signal("-TERM");
    let (_, log) = served.end();
    assert!(!log.contains("forged"), "{log}");
    for (id, status) in ids {
        let mut of_id = 0;
        for line in log.lines() {
            let event: Value = serde_json::from_str(line).expect("JSON");
            let at = event["timestamp"].as_str().expect("a time");
            let at = chrono::DateTime::parse_from_rfc3339(at).expect("a time");
            assert_eq!(at.offset().local_minus_utc(), 0, "{line}");
            if event["target"] == "access" && event["request_id"] == id.as_str() {
                assert_eq!(event["status"], status, "{line}");
                of_id += 1;
            }
        }
        assert_eq!(of_id, 1, "{id}");
    }
}
