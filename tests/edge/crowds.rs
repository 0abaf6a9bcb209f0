//! Rate limits.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use quarterdeck::auth::tokens::{NewToken, create};
use quarterdeck::config::Config;
use reqwest::header::HeaderMap;
use reqwest::{Method, Response};

use crate::house::app::{Session, TestApp};
use crate::house::tuned::{On, tuned};

async fn get(client: &Session<'_>, path: &str) -> Response {
    client
        .request(Method::GET, path)
        .send()
        .await
        .expect("an answer")
}

fn whole(headers: &HeaderMap, name: &str) -> u64 {
    headers[name].to_str().unwrap().parse().unwrap()
}

/// How many of so many requests at once had which status.
async fn burst(client: &Session<'_>, path: &str, n: usize) -> BTreeMap<u16, usize> {
    let mut counted = BTreeMap::new();
    for response in join_all((0..n).map(|_| get(client, path))).await {
        *counted.entry(response.status().as_u16()).or_default() += 1;
    }
    counted
}

#[tokio::test(flavor = "multi_thread")]
async fn r53_d27_of_a_burst_without_credentials_exactly_the_limit_is_let_in() {
    let name = "r53_d27_of_a_burst_without_credentials_exactly_the_limit_is_let_in";
    let tune = |c: &mut Config| c.rate_limit.per_address = 20;
    tuned(name, On::Sqlite, tune, async |app| {
        let client = app.anonymous();
        let counted = burst(&client, "/api/v1/author", 200).await;
        assert_eq!(counted, BTreeMap::from([(401, 20), (429, 180)]));
        // Whatever the path, the query or the spelling of an address that nobody vouches for.
        for n in 0..5 {
            let request = client.request(Method::GET, &format!("/auth/session?n={n}"));
            let request = request.header("x-forwarded-for", format!("198.51.100.{n}"));
            assert_eq!(request.send().await.unwrap().status(), 429);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r53_d27_of_a_burst_of_one_user_exactly_the_limit_is_let_in_over_all_sessions() {
    let name = "r53_d27_of_a_burst_of_one_user_exactly_the_limit_is_let_in_over_all_sessions";
    let tune = |c: &mut Config| c.rate_limit.per_principal = 50;
    tuned(name, On::Sqlite, tune, async |app| {
        let (one, two) = (app.login("admin").await, app.login("admin").await);
        let (first, second) = tokio::join!(
            burst(&one, "/auth/session", 250),
            burst(&two, "/auth/session", 250)
        );
        let total = |status| first.get(&status).unwrap_or(&0) + second.get(&status).unwrap_or(&0);
        assert_eq!((total(200), total(429)), (50, 450), "{first:?} {second:?}");
        // A token has a count of its own, and so has somebody else.
        let token = token(app).await;
        let request = app.anonymous().request(Method::GET, "/auth/session");
        assert_eq!(
            request
                .header("x-api-key", token)
                .send()
                .await
                .unwrap()
                .status(),
            200
        );
        app.user("other", false, serde_json::json!([])).await;
        assert_eq!(app.login("other").await.get("/auth/session").await.0, 200);
    })
    .await;
}

async fn token(app: &TestApp) -> String {
    let new = NewToken {
        user_id: 1,
        name: "test".to_owned(),
        scopes: None,
        expires_at: None,
    };
    create(app.app.engine.db(), new)
        .await
        .unwrap()
        .expose()
        .to_owned()
}

#[tokio::test]
async fn r53_every_counted_answer_tells_the_limit_and_a_refusal_when_to_come_back() {
    let name = "r53_every_counted_answer_tells_the_limit_and_a_refusal_when_to_come_back";
    let tune = |c: &mut Config| {
        c.rate_limit.per_address = 3;
        c.rate_limit.per_principal = 7;
    };
    tuned(name, On::Sqlite, tune, async |app| {
        let client = app.anonymous();
        for left in [2, 1, 0, 0] {
            let response = get(&client, "/api/v1/author").await;
            let headers = response.headers();
            assert_eq!(whole(headers, "x-ratelimit-limit"), 3);
            assert_eq!(whole(headers, "x-ratelimit-remaining"), left);
            let reset = whole(headers, "x-ratelimit-reset");
            assert!((1..=60).contains(&reset));
            assert_eq!(
                headers["ratelimit"],
                format!("\"default\";r={left};t={reset}").as_str()
            );
            assert_eq!(headers["ratelimit-policy"], "\"default\";q=3;w=60");
            let refused = response.status() == 429;
            assert_eq!(headers.contains_key("retry-after"), refused);
            if refused {
                assert!((1..=60).contains(&whole(headers, "retry-after")));
                let problem: serde_json::Value = response.json().await.unwrap();
                assert_eq!(problem["code"], "rate_limited");
            }
        }
        let request = app.anonymous().request(Method::GET, "/api/v1/author");
        let response = request
            .header("x-api-key", token(app).await)
            .send()
            .await
            .unwrap();
        // The address is over its limit and this token is not known yet.
        assert_eq!(response.status(), 429);
    })
    .await;
    let tune = |c: &mut Config| c.rate_limit.per_principal = 7;
    tuned(name, On::Sqlite, tune, async |app| {
        let admin = app.login("admin").await;
        for (path, left) in [
            ("/api/v1/author", 6),
            ("/nowhere", 5),
            ("/api/v1/author?x=1", 4),
        ] {
            let response = get(&admin, path).await;
            assert_eq!(whole(response.headers(), "x-ratelimit-limit"), 7, "{path}");
            assert_eq!(
                whole(response.headers(), "x-ratelimit-remaining"),
                left,
                "{path}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn r53_health_and_static_files_are_not_counted() {
    let name = "r53_health_and_static_files_are_not_counted";
    let tune = |c: &mut Config| c.rate_limit.per_address = 2;
    tuned(name, On::Sqlite, tune, async |app| {
        let client = app.anonymous();
        for _ in 0..2 {
            for path in ["/health", "/healthz", "/readyz", "/static/account.css"] {
                let response = get(&client, path).await;
                assert_eq!(response.status(), 200, "{path}");
                assert!(
                    !response.headers().contains_key("x-ratelimit-limit"),
                    "{path}"
                );
            }
        }
        let counted = burst(&client, "/auth/session", 5).await;
        assert_eq!(counted, BTreeMap::from([(401, 2), (429, 3)]));
        for path in ["/health", "/healthz", "/readyz", "/static/account.css"] {
            assert_eq!(get(&client, path).await.status(), 200, "{path}");
        }
        // Nothing that merely looks like them.
        for path in [
            "/healthz/",
            "/HEALTH",
            "/static",
            "//static/account.css",
            "/healthzz",
        ] {
            assert_eq!(get(&client, path).await.status(), 429, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn r53_who_proves_to_be_somebody_does_not_use_up_the_address() {
    let name = "r53_who_proves_to_be_somebody_does_not_use_up_the_address";
    let tune = |c: &mut Config| c.rate_limit.per_address = 4;
    tuned(name, On::Sqlite, tune, async |app| {
        let admin = app.login("admin").await;
        let key = token(app).await;
        for _ in 0..20 {
            assert_eq!(admin.get("/auth/session").await.0, 200);
            let request = app.anonymous().request(Method::GET, "/auth/session");
            assert_eq!(
                request
                    .header("x-api-key", &key)
                    .send()
                    .await
                    .unwrap()
                    .status(),
                200
            );
        }
        // The login itself was one of the four.
        let counted = burst(&app.anonymous(), "/auth/session", 10).await;
        assert_eq!(counted, BTreeMap::from([(401, 3), (429, 7)]));
        // The address is over its limit; whoever is known here goes on, guesses cost no look-up.
        assert_eq!(admin.get("/auth/session").await.0, 200);
        let request = app.anonymous().request(Method::GET, "/auth/session");
        assert_eq!(
            request
                .header("x-api-key", &key)
                .send()
                .await
                .unwrap()
                .status(),
            200
        );
        app.statements();
        for n in 0..20 {
            let request = app.anonymous().request(Method::GET, "/auth/session");
            let value = format!("quarterdeck_session={n:043}");
            assert_eq!(
                request
                    .header("cookie", value)
                    .send()
                    .await
                    .unwrap()
                    .status(),
                429
            );
            let request = app.anonymous().request(Method::POST, "/auth/login");
            let form = [("username", "admin"), ("password", "x")];
            assert_eq!(request.form(&form).send().await.unwrap().status(), 429);
        }
        assert_eq!(app.statements(), Vec::<String>::new());
    })
    .await;
}
