//! The first user.

use futures_util::future::join_all;
use reqwest::Method;
use reqwest::header::LOCATION;
use serde_json::{Value, json};

use crate::house::app::{TestApp, config};
use crate::house::fresh;

use super::{cookie, number, sql};

/// Runs `body` on every database without any user.
async fn without_users(test: &str, mut body: impl AsyncFnMut(&TestApp)) {
    for database in fresh(test).await {
        let app = TestApp::start(config(&database.url), |b| b).await;
        body(&app).await;
        app.stop().await;
        database.remove().await;
    }
}

async fn token(app: &TestApp) -> String {
    let path = app.app.setup_path().await.unwrap().expect("a link");
    path.strip_prefix("/auth/setup?token=")
        .expect("a token")
        .to_owned()
}

async fn claim(app: &TestApp, token: &str, name: &str, secret: &str) -> (u16, Value) {
    let body = json!({"token": token, "username": name, "password": secret});
    app.anonymous().send("POST", "/auth/setup", body).await
}

#[tokio::test]
async fn r05_there_is_no_account_before_the_first_user_is_made() {
    without_users(
        "r05_there_is_no_account_before_the_first_user_is_made",
        async |app| {
            let db = app.app.engine.db();
            assert_eq!(number(db, "SELECT COUNT(*) FROM qd_user").await, 0);
            for (name, secret) in [
                ("admin", "admin"),
                ("admin", ""),
                ("", ""),
                ("root", "root"),
                ("administrator", "password"),
            ] {
                let body = json!({"username": name, "password": secret});
                assert_eq!(
                    app.anonymous().send("POST", "/auth/login", body).await.0,
                    401
                );
                sql(db, "DELETE FROM qd_login_throttle").await;
            }
            for (path, status) in [
                ("/api/v1/qd_user", 401),
                ("/api/v1/_models", 401),
                ("/auth/setup", 404),
                ("/auth/setup?token=x", 404),
            ] {
                assert_eq!(app.anonymous().get(path).await.0, status, "{path}");
            }
            // Without a link that was printed nobody becomes the first user.
            for text in ["", "x", &"A".repeat(43)] {
                assert_eq!(claim(app, text, "mallory", "a good password").await.0, 404);
            }
        },
    )
    .await;
}

#[tokio::test]
async fn r05_the_setup_link_makes_one_superuser_and_is_spent() {
    without_users(
        "r05_the_setup_link_makes_one_superuser_and_is_spent",
        async |app| {
            let void = token(app).await;
            let link = token(app).await;
            assert_eq!(claim(app, &void, "ada", "a good password").await.0, 404);
            for (name, secret) in [
                ("", "a good password"),
                ("ada", "short"),
                ("ada", "password123"),
                (&"x".repeat(151), "a good password"),
            ] {
                assert_eq!(
                    claim(app, &link, name, secret).await.0,
                    422,
                    "{name} {secret}"
                );
            }
            let client = app.anonymous();
            let page = client
                .request(Method::GET, &format!("/auth/setup?token={link}"))
                .send()
                .await
                .unwrap();
            assert_eq!(page.status(), 200);
            let form = [
                ("token", link.as_str()),
                ("username", "ada"),
                ("password", "a good password"),
            ];
            let made = client
                .request(Method::POST, "/auth/setup")
                .form(&form)
                .send()
                .await
                .unwrap();
            assert_eq!(
                (made.status().as_u16(), &made.headers()[LOCATION]),
                (303, &"/".parse().unwrap())
            );
            assert!(cookie(made.headers()).is_some());
            let (status, me) = client.get("/auth/session").await;
            assert_eq!((status, &me["user"]["is_superuser"]), (200, &json!(true)));
            assert_eq!(claim(app, &link, "eve", "a good password").await.0, 404);
            assert_eq!(
                app.anonymous()
                    .get(&format!("/auth/setup?token={link}"))
                    .await
                    .0,
                404
            );
            assert!(app.app.setup_path().await.unwrap().is_none());
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r05_of_many_claims_at_once_exactly_one_makes_a_user() {
    without_users(
        "r05_of_many_claims_at_once_exactly_one_makes_a_user",
        async |app| {
            let link = token(app).await;
            let names: Vec<String> = (0..8).map(|n| format!("user{n}")).collect();
            let all = join_all(
                names
                    .iter()
                    .map(|n| claim(app, &link, n, "a good password")),
            )
            .await;
            let mut statuses: Vec<u16> = all.iter().map(|(s, _)| *s).collect();
            statuses.sort_unstable();
            assert_eq!(
                statuses,
                [200, 404, 404, 404, 404, 404, 404, 404],
                "{all:?}"
            );
            let db = app.app.engine.db();
            assert_eq!(number(db, "SELECT COUNT(*) FROM qd_user").await, 1);
        },
    )
    .await;
}

#[tokio::test]
async fn r05_a_setup_link_ends_after_its_time() {
    without_users("r05_a_setup_link_ends_after_its_time", async |app| {
        let link = token(app).await;
        let db = app.app.engine.db();
        let now = chrono::Utc::now().timestamp();
        let hash = quarterdeck::auth::secret::digest(&link);
        sql(
            db,
            &format!(
                "UPDATE qd_state SET value = '{hash} {}' WHERE name = 'setup_link'",
                now - 1
            ),
        )
        .await;
        assert_eq!(claim(app, &link, "ada", "a good password").await.0, 404);
        sql(
            db,
            &format!(
                "UPDATE qd_state SET value = '{hash} {}' WHERE name = 'setup_link'",
                now + 60
            ),
        )
        .await;
        assert_eq!(claim(app, &link, "ada", "a good password").await.0, 200);
    })
    .await;
}
