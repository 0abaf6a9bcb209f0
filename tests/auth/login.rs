//! `POST /auth/login` and `/auth/logout`.

use quarterdeck::config::Config;
use reqwest::header::{HOST, LOCATION, RETRY_AFTER};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::house::app::{Session, TestApp, answer, password};
use crate::house::tuned::{On, as_it_is, tuned};

use super::{cookie, number};

/// Sends the login form.
async fn submit(client: &Session<'_>, fields: &[(&str, &str)]) -> Response {
    let request = client.request(Method::POST, "/auth/login").form(fields);
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn r11_a_form_login_answers_303_and_a_cookie_with_every_attribute() {
    let name = "r11_a_form_login_answers_303_and_a_cookie_with_every_attribute";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let fields = [("username", "admin"), ("password", &password("admin"))];
        let answer = submit(&app.anonymous(), &fields).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()[LOCATION]),
            (303, &"/".parse().unwrap())
        );
        let all: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
        assert_eq!(all.len(), 1);
        let text = all[0].to_str().unwrap();
        let mut parts = text.split("; ");
        let (key, value) = parts.next().unwrap().split_once('=').unwrap();
        assert_eq!(key, "quarterdeck_session");
        // 256 bits in base64: 43 characters.
        assert!(value.len() == 43 && text.len() < 4096, "{text}");
        let mut attributes: Vec<_> = parts.collect();
        attributes.sort_unstable();
        assert_eq!(
            attributes,
            ["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Lax"]
        );
    })
    .await;
}

#[tokio::test]
async fn r11_over_https_the_cookie_is_secure_and_has_the_host_prefix() {
    let name = "r11_over_https_the_cookie_is_secure_and_has_the_host_prefix";
    let tune = |c: &mut Config| c.server.public_url = Some("https://desk.test".to_owned());
    tuned(name, On::Sqlite, tune, async |app| {
        let fields = [
            ("username", "admin".to_owned()),
            ("password", password("admin")),
        ];
        let request = app
            .anonymous()
            .request(Method::POST, "/auth/login")
            .header(HOST, "desk.test");
        let response = request.form(&fields).send().await.expect("an answer");
        let text = response.headers()["set-cookie"].to_str().unwrap();
        assert!(text.starts_with("__Host-quarterdeck_session="), "{text}");
        assert!(
            text.ends_with("; Secure") && !text.contains("Domain"),
            "{text}"
        );
        // The name without the prefix could have been planted by a neighbour over http.
        let value = cookie(response.headers()).unwrap();
        for (name, status) in [
            ("__Host-quarterdeck_session", 200),
            ("quarterdeck_session", 401),
        ] {
            let request = app.anonymous().request(Method::GET, "/auth/session");
            let request = request.header(HOST, "desk.test");
            let got = request.header("cookie", format!("{name}={value}")).send();
            assert_eq!(got.await.unwrap().status(), status, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_json_login_answers_the_user_and_the_cookie() {
    let name = "a_json_login_answers_the_user_and_the_cookie";
    tuned(name, On::Each, as_it_is, async |app| {
        let client = app.anonymous();
        let body = json!({"username": "admin", "password": password("admin")});
        let request = client.request(Method::POST, "/auth/login").json(&body);
        let response = request.send().await.expect("an answer");
        assert!(cookie(response.headers()).is_some());
        let (status, body) = answer(response).await;
        assert_eq!(status, 200);
        assert_eq!(
            (&body["user"]["username"], &body["user"]["is_superuser"]),
            (&json!("admin"), &json!(true))
        );
        assert!(!body.to_string().contains("hash"), "{body}");
        let (status, current) = client.get("/auth/session").await;
        assert_eq!((status, current), (200, body));
    })
    .await;
}

#[tokio::test]
async fn a14_r34_after_a_login_the_browser_goes_only_to_this_server() {
    let name = "a14_r34_after_a_login_the_browser_goes_only_to_this_server";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let secret = password("admin");
        for (next, goes) in [
            ("/admin/book?sort=-id", "/admin/book?sort=-id"),
            ("", "/"),
            ("//evil.test", "/"),
            ("/\\evil.test", "/"),
            ("\\\\evil.test", "/"),
            ("https:evil.test", "/"),
            ("https://evil.test/", "/"),
            ("\t//evil.test", "/"),
            ("/\t/evil.test", "/"),
            ("/x\r\nSet-Cookie: a=b", "/"),
            ("javascript:alert(1)", "/"),
            (" /x", "/"),
        ] {
            let fields = [
                ("username", "admin"),
                ("password", secret.as_str()),
                ("next", next),
            ];
            let client = app.anonymous();
            let response = submit(&client, &fields).await;
            assert_eq!(response.status(), 303);
            assert_eq!(response.headers()[LOCATION], goes, "{next:?}");
            assert_eq!(response.headers().get_all("set-cookie").iter().count(), 1);
            if goes == "/" && !next.is_empty() {
                let query = [("next", next)];
                let query = serde_urlencode(&query);
                let page = client.request(Method::GET, &format!("/auth/login?{query}"));
                let page = page.send().await.unwrap().text().await.unwrap();
                assert!(
                    !page.contains("evil") && !page.contains("alert"),
                    "{next:?}"
                );
            }
        }
    })
    .await;
}

/// `a=b&c=d` with every byte but letters escaped.
fn serde_urlencode(pairs: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|b| match b {
                b'a'..=b'z' => char::from(b).to_string(),
                _ => format!("%{b:02x}"),
            })
            .collect()
    };
    let all: Vec<_> = pairs
        .iter()
        .map(|(k, v)| format!("{}={}", escape(k), escape(v)))
        .collect();
    all.join("&")
}

/// Status, headers and body, without what differs between any two answers.
async fn bytes(response: Response, typed: &str) -> (u16, Vec<(String, String)>, String) {
    const OWN: [&str; 3] = ["date", "x-request-id", "content-length"];
    let status = response.status().as_u16();
    let mut headers: Vec<_> = response
        .headers()
        .iter()
        .map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned()))
        .filter(|(n, _)| !OWN.contains(&n.as_str()) && !n.contains("ratelimit"))
        .collect();
    headers.sort();
    let text = response.text().await.unwrap();
    let text = match serde_json::from_str::<Value>(&text) {
        Ok(mut problem) => {
            problem["request_id"] = json!("");
            problem.to_string()
        }
        Err(_) => text.replace(&format!("\"{typed}\""), "\"\""),
    };
    (status, headers, text)
}

/// Users that cannot log in, each for another reason.
async fn make_unfortunates(app: &TestApp) {
    app.user("rightful", false, json!([])).await;
    app.user("suspended", false, json!([])).await;
    let admin = app.login("admin").await;
    let (_, found) = admin.get("/api/v1/qd_user?username=suspended").await;
    let path = format!("/api/v1/qd_user/{}", found["data"][0]["id"]);
    let (status, _) = admin
        .send("PATCH", &path, json!({"is_active": false}))
        .await;
    assert_eq!(status, 200);
    // A user of another login system, say.
    app.make("qd_user", json!({"username": "passwordless"}))
        .await;
}

#[tokio::test]
async fn r25_a59_every_reason_to_refuse_a_login_gives_the_same_answer() {
    let name = "r25_a59_every_reason_to_refuse_a_login_gives_the_same_answer";
    tuned(name, On::Each, as_it_is, async |app| {
        make_unfortunates(app).await;
        for as_json in [true, false] {
            let mut seen = None;
            for (user, secret) in [
                ("unknown", "some password"),
                ("rightful", "some password"),
                ("rightful", ""),
                ("suspended", &password("suspended")),
                ("suspended", "some password"),
                ("passwordless", "some password"),
                ("passwordless", ""),
                ("", "some password"),
                ("RIGHTFUL", &password("rightful")),
                ("rightful ", &password("rightful")),
            ] {
                // A fresh address each time, so that no throttle has a say.
                let client = app.anonymous();
                let request = client.request(Method::POST, "/auth/login");
                let request = if as_json {
                    request.json(&json!({"username": user, "password": secret}))
                } else {
                    request.form(&[("username", user), ("password", secret)])
                };
                let got = bytes(request.send().await.unwrap(), user).await;
                assert_eq!(got.0, 401, "{user} {secret:?}");
                let first = seen.get_or_insert_with(|| got.clone());
                assert_eq!(*first, got, "{user} {secret:?}");
                super::sql(app.app.engine.db(), "DELETE FROM qd_login_throttle").await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a78_r31_a_login_takes_texts_only_and_no_other_field() {
    let name = "a78_r31_a_login_takes_texts_only_and_no_other_field";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let client = app.anonymous();
        for (body, status) in [
            (json!({"username": "admin", "password": null}), 422),
            (json!({"username": ["admin"], "password": "x"}), 422),
            (json!({"username": {"ne": ""}, "password": {"ne": ""}}), 422),
            (json!({"username": 1, "password": true}), 422),
            (json!(["admin", "x"]), 422),
            (
                json!({"username": "admin", "password": "x", "email": "a@b.c"}),
                400,
            ),
            (
                json!({"username": "admin", "password": "x", "is_superuser": "1"}),
                400,
            ),
            (
                json!({"username": "admin", "password": "x".repeat(1025)}),
                400,
            ),
        ] {
            let (got, problem) = client.send("POST", "/auth/login", body.clone()).await;
            assert_eq!(got, status, "{body} {problem}");
        }
        let twice = client.request(Method::POST, "/auth/login");
        let twice = twice.header("content-type", "application/x-www-form-urlencoded");
        let twice = twice.body("username=admin&username=other&password=x");
        assert_eq!(twice.send().await.unwrap().status(), 400);
        // A page of another site can send these without asking (R31).
        for kind in ["text/plain", "multipart/form-data; boundary=x", ""] {
            let body = json!({"username": "admin", "password": password("admin")}).to_string();
            let plain = client.request(Method::POST, "/auth/login");
            let plain = plain.header("content-type", kind).body(body);
            assert_eq!(plain.send().await.unwrap().status(), 415, "{kind}");
        }
        let db = app.app.engine.db();
        assert_eq!(number(db, "SELECT COUNT(*) FROM qd_session").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a10_no_other_spelling_of_the_path_reaches_the_login() {
    let name = "a10_no_other_spelling_of_the_path_reaches_the_login";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let client = app.anonymous();
        for path in [
            "/auth/Login",
            "/AUTH/LOGIN",
            "/auth/login/",
            "//auth/login",
            "/auth//login",
            "/auth%2flogin",
            "/auth/%6cogin",
            "/auth/login;x=1",
            "/auth/login%0a",
            "/auth/login%20",
            "/auth/login%00",
            "/auth/./login%2f",
            "/./auth/login%2e",
            "/auth/login.json",
        ] {
            let body = json!({"username": "admin", "password": password("admin")});
            let (status, _) = client.send("POST", path, body).await;
            assert!(matches!(status, 404 | 405), "{path}: {status}");
        }
        let db = app.app.engine.db();
        assert_eq!(number(db, "SELECT COUNT(*) FROM qd_session").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a10_logins_from_one_address_are_limited_whatever_they_look_like() {
    let name = "a10_logins_from_one_address_are_limited_whatever_they_look_like";
    let tune = |c: &mut Config| c.rate_limit.login = 4;
    tuned(name, On::Sqlite, tune, async |app| {
        let mut seen = Vec::new();
        for n in 0..8 {
            let client = app.anonymous();
            let request = client
                .request(
                    Method::POST,
                    if n % 2 == 0 {
                        "/auth/login"
                    } else {
                        "/auth/login?x=1"
                    },
                )
                .header("x-forwarded-for", format!("198.51.100.{n}"))
                .header("user-agent", format!("agent {n}"));
            let response = request
                .form(&[
                    ("username", format!("user{n}")),
                    ("password", "wrong".to_owned()),
                ])
                .send()
                .await
                .unwrap();
            if response.status() == 429 {
                let wait = response.headers()[RETRY_AFTER].to_str().unwrap();
                assert!((1..=60).contains(&wait.parse::<u64>().unwrap()), "{wait}");
            }
            seen.push(response.status().as_u16());
        }
        assert_eq!(seen, [401, 401, 401, 401, 429, 429, 429, 429]);
    })
    .await;
}

#[tokio::test]
async fn r19_logout_is_a_post_that_ends_the_session_and_clears_the_browser() {
    let name = "r19_logout_is_a_post_that_ends_the_session_and_clears_the_browser";
    tuned(name, On::Each, as_it_is, async |app| {
        let admin = app.login("admin").await;
        let (status, _) = admin.get("/auth/logout").await;
        assert_eq!(status, 405);
        assert_eq!(admin.get("/auth/session").await.0, 200);
        let response = admin
            .request(Method::POST, "/auth/logout")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 204);
        let headers = response.headers();
        assert_eq!(headers["clear-site-data"], "\"cookies\", \"storage\"");
        let set = headers["set-cookie"].to_str().unwrap();
        assert!(
            set.starts_with("quarterdeck_session=;") && set.contains("Max-Age=0"),
            "{set}"
        );
        let db = app.app.engine.db();
        assert_eq!(number(db, "SELECT COUNT(*) FROM qd_session").await, 0);
        // A form is led back to the login.
        let admin = app.login("admin").await;
        let empty: [(&str, &str); 0] = [];
        let response = admin.request(Method::POST, "/auth/logout").form(&empty);
        let response = response.send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()[LOCATION]),
            (303, &"/auth/login".parse().unwrap())
        );
        // Whoever is not logged in has nothing to end, and is told the same.
        let again = app
            .anonymous()
            .request(Method::POST, "/auth/logout")
            .send()
            .await
            .unwrap();
        assert_eq!(again.status(), 204);
    })
    .await;
}
