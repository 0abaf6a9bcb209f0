//! After the logout, and answers to logins that tell nothing.

use reqwest::Method;
use reqwest::header::HOST;
use serde_json::json;

use crate::house::app::{TestApp, config, password};
use crate::house::tuned::{On, tuned};

use super::{cookie, number};

async fn login(app: &TestApp) -> String {
    let client = app.anonymous();
    let form = [
        ("username", "admin".to_owned()),
        ("password", password("admin")),
    ];
    let request = client.request(Method::POST, "/auth/login").form(&form);
    cookie(request.send().await.expect("an answer").headers()).expect("a cookie")
}

async fn send(app: &TestApp, method: &str, path: &str, value: &str) -> reqwest::Response {
    let request = app
        .anonymous()
        .request(method.parse().expect("a method"), path);
    let request = request.header("cookie", format!("quarterdeck_session={value}"));
    request.send().await.expect("an answer")
}

async fn status(app: &TestApp, path: &str, value: &str) -> u16 {
    send(app, "GET", path, value).await.status().as_u16()
}

#[tokio::test]
async fn r19_after_a_logout_the_cookie_opens_no_door_on_any_node_and_other_sessions_live_on() {
    let name = "r19_after_a_logout_the_cookie_opens_no_door";
    tuned(
        name,
        On::Each,
        |_| {},
        async |app| {
            let url = app.app.config.database.url.expose().to_owned();
            let other = TestApp::start(config(&url), quarterdeck::demo::register).await;
            let (gone, stays) = (login(app).await, login(app).await);
            const DOORS: [(&str, u16, u16); 5] = [
                ("/auth/session", 200, 401),
                ("/api/v1/author", 200, 401),
                ("/api/v1/_models", 200, 401),
                ("/admin", 200, 303),
                ("/admin/author", 200, 303),
            ];
            for (path, open, _) in DOORS {
                assert_eq!(status(app, path, &gone).await, open, "{path}");
                assert_eq!(status(&other, path, &gone).await, open, "{path}");
            }
            // Only the POST ends it: no link, no picture, no prefetch.
            for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] {
                let answer = send(app, method, "/auth/logout", &gone).await;
                let wanted = if method == "OPTIONS" { 204 } else { 405 };
                assert_eq!(answer.status(), wanted, "{method}");
                assert!(
                    !answer.headers().contains_key("clear-site-data"),
                    "{method}"
                );
                assert_eq!(status(app, "/auth/session", &gone).await, 200, "{method}");
            }
            let answer = send(app, "POST", "/auth/logout", &gone).await;
            assert_eq!(answer.status(), 204);
            for (path, open, closed) in DOORS {
                assert_eq!(status(app, path, &gone).await, closed, "{path}");
                assert_eq!(status(app, path, &stays).await, open, "{path}");
            }
            let waiting = async {
                while status(&other, "/auth/session", &gone).await != 401 {
                    tokio::task::yield_now().await;
                }
            };
            let limit = std::time::Duration::from_secs(20);
            let seen = tokio::time::timeout(limit, waiting).await;
            seen.expect("the other node sees the logout");
            for (path, open, closed) in DOORS {
                assert_eq!(status(&other, path, &gone).await, closed, "{path}");
                assert_eq!(status(&other, path, &stays).await, open, "{path}");
            }
            // One that has ended already is still cleared from the browser.
            for value in [gone.as_str(), "garbage", ""] {
                let answer = send(app, "POST", "/auth/logout", value).await;
                assert_eq!(answer.status(), 204, "{value}");
                let headers = answer.headers();
                assert_eq!(headers["clear-site-data"], "\"cookies\", \"storage\"");
                assert_eq!(cookie(headers).as_deref(), Some(""), "{value}");
            }
            assert_eq!(status(app, "/auth/session", &stays).await, 200);
            let db = app.app.engine.db();
            assert_eq!(number(db, "SELECT COUNT(*) FROM qd_session").await, 1);
            other.stop().await;
        },
    )
    .await;
}

#[tokio::test]
async fn r19_over_https_the_cookie_that_is_cleared_is_the_one_that_was_set() {
    let name = "r19_over_https_the_cookie_that_is_cleared";
    let tune = |c: &mut quarterdeck::config::Config| {
        c.server.public_url = Some("https://desk.test".to_owned());
    };
    tuned(name, On::Sqlite, tune, async |app| {
        let request = app.anonymous().request(Method::POST, "/auth/logout");
        let answer = request.header(HOST, "desk.test").send().await.unwrap();
        let text = answer.headers()["set-cookie"].to_str().unwrap();
        assert!(text.starts_with("__Host-quarterdeck_session=;"), "{text}");
        for part in ["; Path=/", "; Secure", "; HttpOnly", "; Max-Age=0"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("Domain"), "{text}");
    })
    .await;
}

/// The time of an answer is made of its statements and of its hash, whose cost for an account that is
/// not there `auth::password` proves. So the statements must be the same, one for one.
#[tokio::test]
async fn r25_a59_every_reason_to_refuse_a_login_costs_the_same_statements() {
    let name = "r25_a59_every_reason_to_refuse_a_login_costs_the_same";
    tuned(
        name,
        On::Each,
        |_| {},
        async |app| {
            app.user("rightful", false, json!([])).await;
            let id = app.user("suspended", false, json!([])).await;
            app.make("qd_user", json!({"username": "passwordless"}))
                .await;
            let db = app.app.engine.db();
            let suspend = format!("UPDATE qd_user SET is_active = {{}} WHERE id = {id}");
            let off = match db.backend() {
                sea_orm::DbBackend::Postgres => "false",
                _ => "0",
            };
            super::sql(db, &suspend.replace("{}", off)).await;
            app.app.identity.changed();
            let mut first: Option<Vec<String>> = None;
            for (user, secret) in [
                ("warming up", "some password"),
                ("unknown", "some password"),
                ("rightful", "some password"),
                ("suspended", password("suspended").as_str()),
                ("suspended", "some password"),
                ("passwordless", "some password"),
                ("passwordless", ""),
            ] {
                super::sql(db, "DELETE FROM qd_login_throttle").await;
                app.statements();
                let body = json!({"username": user, "password": secret});
                let (status, _) = app.anonymous().send("POST", "/auth/login", body).await;
                assert_eq!(status, 401, "{user}");
                let ran = app.statements();
                assert!(!ran.is_empty(), "{user}");
                if user == "warming up" {
                    continue;
                }
                let wanted = first.get_or_insert_with(|| ran.clone());
                assert_eq!(*wanted, ran, "{user} {secret}");
            }
        },
    )
    .await;
}
