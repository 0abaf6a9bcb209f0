//! What stands against guessing passwords.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use quarterdeck::config::Config;
use reqwest::Method;
use reqwest::header::RETRY_AFTER;

use crate::house::app::{TestApp, password};
use crate::house::tuned::{On, tuned};

fn behind_a_proxy(config: &mut Config) {
    config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    config.database.acquire_timeout = std::time::Duration::from_secs(60);
}

/// One login from an address, as the proxy tells it; its status.
async fn attempt(app: &TestApp, from: &str, name: &str, secret: &str) -> u16 {
    let client = app.anonymous();
    let request = client.request(Method::POST, "/auth/login");
    let request = request.header("x-forwarded-for", from);
    let response = request
        .form(&[("username", name), ("password", secret)])
        .send();
    let response = response.await.expect("an answer");
    if response.status() == 429 {
        assert!(response.headers().contains_key(RETRY_AFTER));
    }
    response.status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn r06_a76_of_200_wrong_logins_at_once_exactly_5_are_looked_at() {
    let name = "r06_a76_of_200_wrong_logins_at_once_exactly_5_are_looked_at";
    let tune = |config: &mut Config| {
        behind_a_proxy(config);
        // Whom the queue sends away comes to no throttle.
        config.password.queue = 200;
    };
    tuned(name, On::Each, tune, async |app| {
        app.user("victim", false, serde_json::json!([])).await;
        let all = join_all((0..200).map(|n| {
            // Case and blanks make no new account.
            let name = ["victim", "Victim", " victim"][n % 3];
            attempt(app, "203.0.113.9", name, "wrong password")
        }));
        let mut counted = BTreeMap::new();
        for status in all.await {
            *counted.entry(status).or_insert(0) += 1;
        }
        assert_eq!(counted, BTreeMap::from([(401, 5), (429, 195)]));
        // Nor is the right password looked at from there now.
        let right = password("victim");
        assert_eq!(attempt(app, "203.0.113.9", "victim", &right).await, 429);
        // An outsider does not lock the victim out: from elsewhere the login works.
        assert_eq!(attempt(app, "198.51.100.7", "victim", &right).await, 303);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r06_one_address_cannot_try_one_password_on_every_account() {
    let name = "r06_one_address_cannot_try_one_password_on_every_account";
    tuned(name, On::Sqlite, behind_a_proxy, async |app| {
        let mut statuses = Vec::new();
        for n in 0..25 {
            statuses.push(attempt(app, "203.0.113.9", &format!("user{n}"), "123456").await);
        }
        let looked_at = statuses.iter().filter(|s| **s == 401).count();
        assert_eq!(looked_at, 20, "{statuses:?}");
        assert_eq!(statuses[20..], [429; 5]);
    })
    .await;
}

#[tokio::test]
async fn r06_a_right_password_forgives_the_wrong_ones_before_it() {
    let name = "r06_a_right_password_forgives_the_wrong_ones_before_it";
    tuned(name, On::Each, behind_a_proxy, async |app| {
        let right = password("admin");
        for _ in 0..3 {
            for _ in 0..4 {
                assert_eq!(
                    attempt(app, "203.0.113.9", "admin", "wrong password").await,
                    401
                );
            }
            assert_eq!(attempt(app, "203.0.113.9", "admin", &right).await, 303);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r02_more_logins_than_can_be_hashed_are_told_to_come_back() {
    let name = "r02_more_logins_than_can_be_hashed_are_told_to_come_back";
    let tune = |config: &mut Config| {
        behind_a_proxy(config);
        config.password.max_parallel = 1;
        config.password.queue = 1;
        config.password.memory_kib = 65_536;
        config.password.iterations = 4;
    };
    tuned(name, On::Sqlite, tune, async |app| {
        let all = join_all((0..16).map(|n| async move {
            let from = format!("203.0.113.{n}");
            attempt(app, &from, "admin", "wrong password").await
        }));
        let (statuses, health) = tokio::join!(all, app_is_alive(app));
        assert!(health);
        let refused = statuses.iter().filter(|s| **s == 503).count();
        let looked_at = statuses.iter().filter(|s| **s == 401).count();
        assert_eq!(refused + looked_at, 16, "{statuses:?}");
        assert!(refused > 0 && looked_at > 0, "{statuses:?}");
    })
    .await;
}

async fn app_is_alive(app: &TestApp) -> bool {
    app.anonymous().get("/healthz").await.0 == 200
}
