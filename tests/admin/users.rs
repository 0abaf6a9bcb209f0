//! People: made, let in by a link, given roles, logged out, suspended.

use serde_json::json;

use super::forms::{accepted, as_it_is, open};
use super::page::{post, visit};
use crate::auth::{number, sql};
use crate::house::app::{Session, TestApp, on_each_app, password};

const GOOD: &str = "four words and a horse";

async fn logs_in(app: &TestApp, name: &str, password: &str) -> u16 {
    let form = [("username", name), ("password", password)];
    let request = app
        .anonymous()
        .request(reqwest::Method::POST, "/auth/login");
    request.form(&form).send().await.unwrap().status().as_u16()
}

async fn alive(session: &Session<'_>) -> bool {
    session.get("/auth/session").await.0 == 200
}

#[tokio::test]
async fn a43_a_new_user_chooses_a_password_by_a_link_that_works_once_and_is_logged_in() {
    let name = "a43_a_new_user_chooses_a_password_by_a_link_that_works_once_and_is_logged_in";
    on_each_app(name, as_it_is, async |app| {
        let role = app.make("qd_role", json!({"name": "Editors"})).await["id"].to_string();
        let admin = app.login("admin").await;
        let form = open(&admin, "/admin/_users/new")
            .await
            .form("/admin/_users/new");
        let (to, page) = accepted(&admin, &form.with("username", "ann").and("role", &role)).await;
        let path = to.split('?').next().unwrap().to_owned();
        assert!(
            page.text().contains("has never logged in"),
            "{}",
            page.text()
        );
        assert!(
            page.reply
                .text
                .contains(&format!("value=\"{role}\" checked"))
        );
        let made = page.form(&format!("{path}/link")).send(&admin).await;
        assert_eq!(made.status(), 201);
        let first = made.text_of("pre", "id", "link").unwrap();
        let made = page.form(&format!("{path}/link")).send(&admin).await;
        let url = made.text_of("pre", "id", "link").unwrap();
        let host = format!("http://{}", app.address);
        let (first, link) = (
            first.strip_prefix(&host).unwrap(),
            url.strip_prefix(&host).unwrap(),
        );
        // The first one is void, and neither is in the database.
        let nobody = app.anonymous();
        assert_eq!(visit(&nobody, first).await.status(), 404);
        let secret = link.rsplit('.').next().unwrap();
        let kept = format!("SELECT COUNT(*) FROM qd_state WHERE value LIKE '%{secret}%'");
        assert_eq!(number(app.app.engine.db(), &kept).await, 0);
        let card = open(&nobody, link).await;
        assert!(card.text().contains("ann"), "{}", card.text());
        let weak = card
            .form("/auth/reset")
            .with("password", "short")
            .send(&nobody)
            .await;
        assert_eq!(weak.status(), 422);
        assert_eq!(
            weak.tags
                .iter()
                .filter(|t| t.get("role") == Some("alert"))
                .count(),
            1
        );
        let done = weak
            .form("/auth/reset")
            .with("password", GOOD)
            .send(&nobody)
            .await;
        assert_eq!(done.status(), 303, "{}", done.text());
        assert!(alive(&nobody).await);
        assert_eq!(logs_in(app, "ann", GOOD).await, 303);
        // Once is once.
        let other = app.anonymous();
        assert_eq!(visit(&other, link).await.status(), 404);
        let again = card
            .form("/auth/reset")
            .with("password", "another horse and words");
        assert_eq!(again.send(&other).await.status(), 404);
        assert_eq!(logs_in(app, "ann", GOOD).await, 303);
        for (path, token) in [
            ("/auth/reset", json!({"$ne": ""})),
            ("/auth/reset", json!(7)),
        ] {
            let body = json!({"token": token, "password": GOOD});
            assert_eq!(other.send("POST", path, body).await.0, 422);
        }
    })
    .await;
}

#[tokio::test]
async fn r20_a_link_dies_with_its_time_a_new_password_and_a_suspension() {
    let name = "r20_a_link_dies_with_its_time_a_new_password_and_a_suspension";
    on_each_app(name, as_it_is, async |app| {
        let ann = app.user("ann", false, json!([])).await;
        let admin = app.login("admin").await;
        let page = format!("/admin/_users/{ann}");
        for how in ["time", "password", "suspension"] {
            let (status, made) = admin
                .send("POST", &format!("/auth/users/{ann}/link"), json!({}))
                .await;
            assert_eq!(status, 201, "{made}");
            let url = made["url"].as_str().unwrap();
            let link = url
                .split_once("/auth/")
                .map(|(_, rest)| format!("/auth/{rest}"))
                .unwrap();
            assert_eq!(visit(&app.anonymous(), &link).await.status(), 200, "{how}");
            let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            match how {
                "time" => {
                    let db = app.app.engine.db();
                    let past = "UPDATE qd_state SET value = REPLACE(value, ' ', ' 1 ') \
                                WHERE name LIKE 'password_link.%'";
                    assert_eq!(sql(db, past).await, 1);
                }
                "password" => {
                    let fields = [field("new", GOOD)];
                    let done = post(&admin, &format!("{page}/password"), &fields).await;
                    assert_eq!(done.status(), 303, "{}", done.text());
                }
                _ => {
                    let fields = [field("active", "false")];
                    let done = post(&admin, &format!("{page}/state"), &fields).await;
                    assert_eq!(done.location(), format!("{page}?done=suspended"));
                }
            }
            assert_eq!(visit(&app.anonymous(), &link).await.status(), 404, "{how}");
        }
    })
    .await;
}

#[tokio::test]
async fn r16_r17_what_is_done_on_a_users_page_counts_from_the_next_request() {
    let name = "r16_r17_what_is_done_on_a_users_page_counts_from_the_next_request";
    on_each_app(name, as_it_is, async |app| {
        let role = app.make("qd_role", json!({"name": "Readers"})).await;
        let grant = json!({"role_id": role["id"], "model": "author", "verbs": ["list"],
            "rows": "all", "readable": "all", "writable": []});
        app.make("qd_grant", grant).await;
        let role = role["id"].to_string();
        let id = app.user("ann", false, json!([])).await;
        let path = format!("/admin/_users/{id}");
        let (admin, ann, second) = (
            app.login("admin").await,
            app.login("ann").await,
            app.login("ann").await,
        );
        let roles = format!("{path}/roles");
        let form = open(&admin, &path).await.form(&roles);
        assert_eq!(
            form.clone().and("role", &role).send(&admin).await.status(),
            303
        );
        assert_eq!(ann.get("/api/v1/author").await.0, 200);
        assert_eq!(form.send(&admin).await.status(), 303);
        assert_eq!(ann.get("/api/v1/author").await.0, 404);
        // A role that the page did not show, because it was given since, is not taken away by it.
        let late = app.make("qd_role", json!({"name": "Late"})).await;
        let given = json!({"user_id": id, "role_id": late["id"]});
        app.make("qd_user_role", given).await;
        assert_eq!(form.send(&admin).await.status(), 303);
        let (_, held) = admin
            .get(&format!("/api/v1/qd_user_role?user_id={id}"))
            .await;
        assert_eq!(held["data"].as_array().map(Vec::len), Some(1), "{held}");
        // One session of two, then all.
        let sessions = format!("{path}/sessions");
        let (_, own) = second.get("/auth/sessions").await;
        let one = own["data"][0]["id"].to_string();
        let form = open(&admin, &path).await.form(&sessions);
        assert_eq!(form.value("id"), Some("all"));
        assert_eq!(
            form.clone().with("id", &one).send(&admin).await.status(),
            303
        );
        assert_eq!((alive(&ann).await, alive(&second).await), (true, false));
        assert_eq!(form.send(&admin).await.status(), 303);
        assert!(!alive(&ann).await);
        // A session of somebody else is none of this page.
        let (_, own) = admin.get("/auth/sessions").await;
        let fields = [("id".to_owned(), own["data"][0]["id"].to_string())];
        assert_eq!(post(&admin, &sessions, &fields).await.status(), 404);
        assert!(alive(&admin).await);
        let state = format!("{path}/state");
        let form = open(&admin, &path).await.form(&state);
        assert_eq!(
            form.clone().send(&admin).await.location(),
            format!("{path}?done=suspended")
        );
        assert_eq!(logs_in(app, "ann", &password("ann")).await, 401);
        // To say it twice is to say it once, and a login meanwhile is no reason to refuse it.
        assert_eq!(form.send(&admin).await.status(), 303);
        let form = open(&admin, &path).await.form(&state);
        assert_eq!(
            form.send(&admin).await.location(),
            format!("{path}?done=active")
        );
        assert_eq!(logs_in(app, "ann", &password("ann")).await, 303);
    })
    .await;
}

#[tokio::test]
async fn every_fault_of_a_new_user_is_told_and_nothing_is_made() {
    let name = "every_fault_of_a_new_user_is_told_and_nothing_is_made";
    on_each_app(name, as_it_is, async |app| {
        let admin = app.login("admin").await;
        let form = open(&admin, "/admin/_users/new")
            .await
            .form("/admin/_users/new");
        for (form, word) in [
            (form.clone().with("username", "admin"), "it was not saved"),
            (
                form.clone()
                    .with("username", "x")
                    .with("email", "no address"),
                "mail",
            ),
            (
                form.clone()
                    .with("username", "x")
                    .with("how", "password")
                    .with("password", "short"),
                "8",
            ),
        ] {
            let page = form.send(&admin).await;
            assert!(
                matches!(page.status(), 409 | 422),
                "{word}: {}",
                page.status()
            );
            let said = page.text();
            assert!(said.to_lowercase().contains(word), "{said}");
        }
        let count = "SELECT COUNT(*) FROM qd_user";
        assert_eq!(number(app.app.engine.db(), count).await, 1);
        let form = form
            .with("username", "bob")
            .with("how", "password")
            .with("password", GOOD);
        let (to, _) = accepted(&admin, &form).await;
        assert!(to.ends_with("?done=ready"), "{to}");
        assert_eq!(logs_in(app, "bob", GOOD).await, 303);
    })
    .await;
}
