//! `/api/internal/*`.

use quarterdeck::config::{Config, Secret};
use reqwest::Method;

use crate::house::app::{TestApp, answer};
use crate::house::tuned::{On, tuned};

const SECRET: &str = "q8Zt1vN4yB7wKx2mP5rJ9sDfGhLc3eVa";
const BEFORE: &str = "Wm3kT6uY9zR2xC5vB8nQ1pLhJgFdS4aE";

fn with_secret(config: &mut Config) {
    config.internal.secret = Some(Secret::new(SECRET));
}

/// Purges the expired sessions as the operations do; how many.
pub(super) async fn purge(app: &TestApp) -> u64 {
    use quarterdeck::session::store::{Which, end};
    end(app.app.engine.db(), Which::Expired).await.unwrap()
}

async fn get(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = app.anonymous().request(Method::GET, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer").status().as_u16()
}

const HEALTH: &str = "/api/internal/health";

fn bearer(secret: &str) -> String {
    format!("Bearer {secret}")
}

#[tokio::test]
async fn r23_without_a_secret_the_internal_group_is_not_there() {
    let name = "r23_without_a_secret_the_internal_group_is_not_there";
    tuned(
        name,
        On::Sqlite,
        |_| {},
        async |app| {
            let admin = app.login("admin").await;
            for path in [
                HEALTH,
                "/api/internal",
                "/api/internal/",
                "/api/internal/none",
            ] {
                assert_eq!(admin.get(path).await.0, 404, "{path}");
                for secret in ["", " ", SECRET, "null", "None"] {
                    let headers = [("authorization", bearer(secret))];
                    let headers = headers.each_ref().map(|(n, v)| (*n, v.as_str()));
                    assert_eq!(get(app, path, &headers).await, 404, "{path} {secret}");
                }
            }
            // Not told apart from what never was.
            let unlike = |mut problem: serde_json::Value| {
                problem["request_id"] = serde_json::Value::Null;
                problem
            };
            let off = unlike(app.anonymous().get(HEALTH).await.1);
            assert_eq!(off, unlike(app.anonymous().get("/api/nothing").await.1));
        },
    )
    .await;
}

#[tokio::test]
async fn r23_the_internal_secret_opens_missing_is_401_and_wrong_is_403() {
    let name = "r23_the_internal_secret_opens_missing_is_401_and_wrong_is_403";
    tuned(name, On::Each, with_secret, async |app| {
        let auth = |text: String| [("authorization", text)];
        for (text, status) in [
            (bearer(SECRET), 200),
            (bearer(BEFORE), 403),
            (bearer(""), 403),
            (bearer(&SECRET[..31]), 403),
            (bearer(&format!("{SECRET}x")), 403),
            (bearer(&SECRET.to_lowercase()), 403),
            (format!("Basic {SECRET}"), 403),
            (SECRET.to_owned(), 403),
        ] {
            let headers = auth(text.clone());
            let headers = headers.each_ref().map(|(n, v)| (*n, v.as_str()));
            assert_eq!(get(app, HEALTH, &headers).await, status, "{text}");
        }
        assert_eq!(get(app, HEALTH, &[]).await, 401);
        // Nobody else gets in, and the secret opens nothing else.
        let admin = app.login("admin").await;
        assert_eq!(admin.get(HEALTH).await.0, 401);
        let token = super::tokens::make(app, "admin", None, None).await;
        assert_eq!(
            get(app, HEALTH, &[("authorization", &bearer(&token))]).await,
            403
        );
        let secret = bearer(SECRET);
        for path in [
            "/api/v1/author",
            "/auth/session",
            "/api/v1/_models",
            "/api/internalx",
        ] {
            let got = get(app, path, &[("authorization", &secret)]).await;
            assert!(matches!(got, 401 | 404), "{path} {got}");
        }
    })
    .await;
}

#[tokio::test]
async fn r23_both_secrets_are_good_while_one_replaces_the_other() {
    let name = "r23_both_secrets_are_good_while_one_replaces_the_other";
    let tune = |c: &mut Config| {
        with_secret(c);
        c.internal.previous_secret = Some(Secret::new(BEFORE));
    };
    tuned(name, On::Sqlite, tune, async |app| {
        for (secret, status) in [(SECRET, 200), (BEFORE, 200), ("x", 403)] {
            assert_eq!(
                get(app, HEALTH, &[("authorization", &bearer(secret))]).await,
                status
            );
        }
    })
    .await;
}

#[tokio::test]
async fn r23_the_internal_group_is_not_for_browsers() {
    let name = "r23_the_internal_group_is_not_for_browsers";
    tuned(name, On::Sqlite, with_secret, async |app| {
        let secret = bearer(SECRET);
        let own = format!("http://{}", app.address);
        for (header, value) in [
            ("origin", "https://evil.test"),
            ("origin", "null"),
            ("origin", &own),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
        ] {
            let headers = [("authorization", secret.as_str()), (header, value)];
            assert_eq!(get(app, HEALTH, &headers).await, 403, "{header} {value}");
        }
    })
    .await;
}

#[tokio::test]
async fn a61_only_the_exact_header_once_carries_the_secret() {
    let name = "a61_only_the_exact_header_once_carries_the_secret";
    tuned(name, On::Sqlite, with_secret, async |app| {
        let secret = bearer(SECRET);
        for headers in [
            vec![
                ("authorization", secret.as_str()),
                ("authorization", &secret),
            ],
            vec![("authorization", &secret), ("authorization", "Bearer x")],
            vec![("authorization", &secret), ("x_forwarded_for", "127.0.0.1")],
            vec![("x_internal_secret", SECRET)],
        ] {
            assert_eq!(get(app, HEALTH, &headers).await, 400, "{headers:?}");
        }
        for headers in [
            [("x-internal-secret", SECRET)],
            [("x-api-key", SECRET)],
            [("proxy-authorization", &secret)],
            [("x-authorization", &secret)],
        ] {
            assert_eq!(get(app, HEALTH, &headers).await, 401, "{headers:?}");
        }
        let query = format!("{HEALTH}?secret={SECRET}");
        assert_eq!(get(app, &query, &[]).await, 401);
    })
    .await;
}

#[tokio::test]
async fn r23_no_document_speaks_of_the_internal_group() {
    let name = "r23_no_document_speaks_of_the_internal_group";
    tuned(name, On::Sqlite, with_secret, async |app| {
        for client in [app.anonymous(), app.login("admin").await] {
            let (status, document) = client.get("/api/openapi.json").await;
            assert_eq!(status, 200);
            assert!(!document.to_string().contains("internal/"), "{document}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_internal_group_purges_ends_and_invalidates() {
    let name = "the_internal_group_purges_ends_and_invalidates";
    tuned(name, On::Each, with_secret, async |app| {
        let id = app.user("ada", false, serde_json::json!([])).await;
        let (one, two) = (app.login("ada").await, app.login("ada").await);
        let call = async |method: Method, path: String| {
            let request = app.anonymous().request(method, &path);
            answer(
                request
                    .header("authorization", bearer(SECRET))
                    .send()
                    .await
                    .unwrap(),
            )
            .await
        };
        let ended = call(Method::DELETE, format!("/api/internal/users/{id}/sessions")).await;
        assert_eq!(ended, (200, serde_json::json!({"ended": 2})));
        assert_eq!(
            (
                one.get("/auth/session").await.0,
                two.get("/auth/session").await.0
            ),
            (401, 401)
        );
        let (status, _) = call(Method::DELETE, "/api/internal/users/x/sessions".to_owned()).await;
        assert_eq!(status, 404);
        let purged = call(Method::POST, "/api/internal/sessions/purge".to_owned()).await;
        assert_eq!(purged, (200, serde_json::json!({"purged": 0})));
        // Changed behind the application's back: seen after an invalidation.
        let ada = app.login("ada").await;
        assert_eq!(ada.get("/auth/session").await.0, 200);
        let suspend = format!("UPDATE qd_user SET is_active = FALSE WHERE id = {id}");
        super::sql(app.app.engine.db(), &suspend).await;
        let done = call(Method::POST, "/api/internal/cache/invalidate".to_owned()).await;
        assert_eq!(done.0, 200);
        assert_eq!(ada.get("/auth/session").await.0, 401);
    })
    .await;
}
