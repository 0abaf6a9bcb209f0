//! A superuser looks as somebody else: sees what they would see, changes nothing, leaves a trace.

use reqwest::Method;
use serde_json::json;

use super::forms::{as_it_is, open};
use super::page::{post, visit};
use crate::auth::number;
use crate::house::app::{Session, grant_all, on_each_app};

fn one(name: &str, value: impl ToString) -> [(String, String); 1] {
    [(name.to_owned(), value.to_string())]
}

async fn begin(session: &Session<'_>, name: &str, id: i64) {
    let answer = post(session, "/admin/_view", &one(name, id)).await;
    assert_eq!(
        (answer.status(), answer.location()),
        (303, "/admin"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn r35_a_look_as_a_user_shows_what_the_user_sees_and_not_more() {
    let name = "r35_a_look_as_a_user_shows_what_the_user_sees_and_not_more";
    on_each_app(name, as_it_is, async |app| {
        for (name, slug, country) in [("Ada", "ada", "GB"), ("Bob", "bob", "FR")] {
            app.make(
                "author",
                json!({"name": name, "slug": slug, "country": country}),
            )
            .await;
        }
        let grants = json!([grant_all("author", json!({"country": "GB"}))]);
        let id = app.user("ann", false, grants).await;
        let (admin, ann) = (app.login("admin").await, app.login("ann").await);
        begin(&admin, "user", id).await;
        for path in [
            "/api/v1/author",
            "/api/v1/author/2",
            "/api/v1/book",
            "/api/v1/_models",
            "/api/openapi.json",
            "/metrics",
        ] {
            let (mut seen, mut own) = (admin.get(path).await, ann.get(path).await);
            for (_, answer) in [&mut seen, &mut own] {
                if answer["request_id"].is_string() {
                    answer["request_id"] = json!("");
                }
            }
            assert_eq!(seen, own, "{path}");
        }
        let (_, who) = admin.get("/auth/session").await;
        assert_eq!(
            (&who["user"]["username"], &who["viewer"]["username"]),
            (&json!("ann"), &json!("admin"))
        );
        let page = open(&admin, "/admin/author").await;
        assert!(
            page.text().contains("You see everything as ann would."),
            "{}",
            page.text()
        );
        assert!(page.text().contains("Ada") && !page.text().contains("Bob"));
        assert_eq!(visit(&admin, "/admin/book").await.status(), 404);
        // What is the user's own is not looked at.
        for path in ["/admin/_account", "/auth/tokens", "/auth/sessions"] {
            assert_eq!(visit(&admin, path).await.status(), 403, "{path}");
        }
        let form = page.form("/admin/_view/end");
        let back = form.send(&admin).await;
        assert_eq!(back.status(), 303);
        let page = open(&admin, "/admin/author").await;
        assert!(page.text().contains("Bob") && !page.text().contains("You see everything"));
        let db = app.app.engine.db();
        for deed in ["view_as", "end_view"] {
            let sql = format!(
                "SELECT COUNT(*) FROM qd_audit WHERE verb = '{deed}' AND username = 'admin' \
                 AND model = 'qd_user' AND record_id = '{id}'"
            );
            assert_eq!(number(db, &sql).await, 1, "{deed}");
        }
    })
    .await;
}

#[tokio::test]
async fn r35_a_look_as_a_role_has_its_grants_and_no_records_of_its_own() {
    let name = "r35_a_look_as_a_role_has_its_grants_and_no_records_of_its_own";
    on_each_app(name, as_it_is, async |app| {
        let role = app.make("qd_role", json!({"name": "Self"})).await["id"]
            .as_i64()
            .unwrap();
        let mut grant = grant_all("qd_user", json!({"id": "$user.id"}));
        grant["role_id"] = role.into();
        app.make("qd_grant", grant).await;
        // The user whose key is the role's is not meant.
        assert_eq!(role, 1);
        let admin = app.login("admin").await;
        let (_, own) = admin.get("/api/openapi.json").await;
        begin(&admin, "role", role).await;
        let (status, seen) = admin.get("/api/v1/qd_user").await;
        assert_eq!((status, &seen["data"]), (200, &json!([])));
        assert_eq!(admin.get("/api/v1/author").await.0, 404);
        let (_, other) = admin.get("/api/openapi.json").await;
        assert!(
            other["paths"]["/api/v1/author"].is_null()
                && own["paths"]["/api/v1/author"].is_object()
        );
        assert_eq!(
            admin.send("DELETE", "/auth/view_as", json!({})).await.0,
            204
        );
        assert_eq!(admin.get("/api/v1/author").await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn r35_a_look_changes_nothing_by_any_unsafe_route() {
    let name = "r35_a_look_changes_nothing_by_any_unsafe_route";
    on_each_app(name, as_it_is, async |app| {
        let made = app
            .make(
                "author",
                json!({"name": "Ada", "slug": "ada", "country": "GB"}),
            )
            .await;
        // Somebody who may do all of it: even another superuser.
        let id = app.user("root", true, json!([])).await;
        let admin = app.login("admin").await;
        begin(&admin, "user", id).await;
        let db = app.app.engine.db();
        let rows = "SELECT COUNT(*) FROM qd_audit";
        let before = number(db, rows).await;
        let open = [
            "/auth/logout",
            "/auth/view_as",
            "/admin/_view/end",
            "/admin/_preferences",
            "/auth/login",
        ];
        for (method, path) in app.app.routes() {
            let is_safe = matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
            if is_safe || open.contains(&path.as_str()) || path.starts_with("/api/internal") {
                continue;
            }
            let path = path
                .replace(":model", "author")
                .replace(":id", &made["id"].to_string());
            let body = json!({"name": "Eve", "slug": "eve", "country": "GB"});
            let (status, answer) = admin.send(method.as_str(), &path, body).await;
            if path.ends_with("/_search") {
                assert_eq!(status, 400, "{path}");
            } else {
                assert_eq!(
                    (status, &answer["code"]),
                    (403, &json!("view_as")),
                    "{method} {path}"
                );
            }
        }
        assert_eq!(number(db, rows).await, before);
        let search = json!({"where": {"name": "Ada"}});
        let (status, found) = admin.send("POST", "/api/v1/author/_search", search).await;
        assert_eq!(
            (status, found["data"].as_array().map(Vec::len)),
            (200, Some(1))
        );
        // A browser that goes back to a form of before the look is told so.
        let page = post(&admin, "/admin/author/new", &one("name", "Eve")).await;
        assert_eq!(page.status(), 403);
        assert_eq!(admin.get("/auth/session").await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn r12_a_look_is_no_credential_and_ends_with_what_allowed_it() {
    let name = "r12_a_look_is_no_credential_and_ends_with_what_allowed_it";
    on_each_app(name, as_it_is, async |app| {
        let id = app.user("ann", false, json!([])).await;
        let root = app.user("root", true, json!([])).await;
        let session = app.login("root").await;
        let request = session
            .request(Method::POST, "/auth/view_as")
            .json(&json!({"user": id}));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        assert!(
            cookie.contains("; HttpOnly; SameSite=Lax; Path=/"),
            "{cookie}"
        );
        let pair = cookie.split(';').next().unwrap().to_owned();
        assert_eq!(
            session.get("/auth/session").await.1["user"]["username"],
            "ann"
        );
        // Alone, in another's session, or beside a token it is nothing.
        let nobody = app.anonymous().request(Method::GET, "/auth/session");
        assert_eq!(
            nobody
                .header("cookie", &pair)
                .send()
                .await
                .unwrap()
                .status(),
            401
        );
        let other = crate::auth::own_cookie(app, "admin").await;
        let both = format!("quarterdeck_session={other}; {pair}");
        let request = app.anonymous().request(Method::GET, "/auth/session");
        let (_, who) =
            crate::house::app::answer(request.header("cookie", both).send().await.unwrap()).await;
        assert_eq!(who["user"]["username"], "admin");
        // Who is suspended meanwhile sees nothing; who is no superuser any more is themselves.
        let admin = app.login("admin").await;
        let suspended = json!({"is_active": false});
        admin
            .send("PATCH", &format!("/api/v1/qd_user/{id}"), suspended)
            .await;
        let (status, who) = session.get("/auth/session").await;
        assert_eq!((status, &who["user"]["username"]), (200, &json!("ann")));
        assert_eq!(session.get("/api/v1/author").await.0, 404);
        let lowered = json!({"is_superuser": false});
        admin
            .send("PATCH", &format!("/api/v1/qd_user/{root}"), lowered)
            .await;
        let (_, who) = session.get("/auth/session").await;
        assert_eq!(
            (&who["user"]["username"], &who["viewer"]),
            (&json!("root"), &json!(null))
        );
        // Nobody is looked at who is not there, and no other body is taken.
        for (body, status) in [
            (json!({"user": 4711}), 404),
            (json!({"user": "1"}), 422),
            (json!({"user": 1, "role": 1}), 422),
            (json!({}), 422),
        ] {
            assert_eq!(admin.send("POST", "/auth/view_as", body).await.0, status);
        }
    })
    .await;
}
