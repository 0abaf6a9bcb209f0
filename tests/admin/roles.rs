//! The matrix of roles: what it shows, what its form writes, and who may send it.

use serde_json::{Value, json};

use super::forms::{as_it_is, open};
use super::page::visit;
use crate::auth::number;
use crate::house::app::{Session, TestApp, grant_all, on_each_app};

async fn role(app: &TestApp, name: &str) -> (String, String) {
    let id = app.make("qd_role", json!({"name": name})).await["id"].to_string();
    let path = format!("/admin/_roles/{id}");
    (id, path)
}

async fn grants(session: &Session<'_>, role: &str) -> Vec<Value> {
    let path = format!("/api/v1/qd_grant?role_id={role}&sort=id");
    let (_, found) = session.get(&path).await;
    found["data"].as_array().expect("grants").clone()
}

#[tokio::test]
async fn a_role_is_saved_as_one_change_set_of_ordinary_writes_and_is_in_force_at_once() {
    let name = "a_role_is_saved_as_one_change_set_of_ordinary_writes_and_is_in_force_at_once";
    on_each_app(name, as_it_is, async |app| {
        let (id, path) = role(app, "Editors").await;
        let ann = app.user("ann", false, json!([])).await;
        app.make(
            "qd_user_role",
            json!({"user_id": ann, "role_id": id.parse::<i64>().unwrap()}),
        )
        .await;
        app.make(
            "author",
            json!({"name": "Ada", "slug": "ada", "country": "GB"}),
        )
        .await;
        app.make(
            "author",
            json!({"name": "Bob", "slug": "bob", "country": "FR"}),
        )
        .await;
        let (admin, reader) = (app.login("admin").await, app.login("ann").await);
        assert_eq!(reader.get("/api/v1/author").await.0, 404);
        let form = open(&admin, &path).await.form(&path);
        let form = form
            .and("n.author.verb", "list")
            .and("n.author.verb", "read")
            .and("n.author.limit", "rows")
            .with("n.author.where", "{\"country\": \"GB\"}")
            .and("n.book.verb", "list");
        let sent = form.send(&admin).await;
        assert_eq!(
            sent.location(),
            format!("{path}?done=saved"),
            "{}",
            sent.text()
        );
        let stored = grants(&admin, &id).await;
        assert_eq!(stored.len(), 2, "{stored:?}");
        assert_eq!(stored[0]["rows"], json!({"country": "GB"}));
        assert_eq!(
            (&stored[1]["rows"], &stored[1]["readable"]),
            (&json!("all"), &json!("all"))
        );
        let (_, seen) = reader.get("/api/v1/author").await;
        assert_eq!(seen["data"].as_array().map(Vec::len), Some(1), "{seen}");
        // Both are one set in the audit.
        let sets =
            "SELECT COUNT(*) FROM qd_audit WHERE model = 'qd_grant' AND change_set IS NOT NULL";
        assert_eq!(number(app.app.engine.db(), sets).await, 1);
        let page = open(&admin, sent.location()).await;
        let text = page.text();
        assert!(
            text.contains("see on rows where country = GB; sees every field"),
            "{text}"
        );
        let all = open(&admin, "/admin/_roles").await.text();
        assert!(all.contains("Editors") && all.contains("limited"), "{all}");
        // Without its last verb a rule goes; what is untouched stays as it is.
        let (first, second) = (&stored[0]["id"], &stored[1]["id"]);
        let form = page.form(&path).less(&format!("g.{second}.verb"));
        let form = form.and(&format!("g.{first}.limit"), "read");
        assert_eq!(form.send(&admin).await.status(), 303);
        let stored = grants(&admin, &id).await;
        assert_eq!(stored.len(), 1);
        // The boxes of all fields were ticked: that is a list now.
        let listed = stored[0]["readable"].as_array().expect("a list");
        assert!(listed.contains(&json!("country")), "{listed:?}");
        assert_eq!(reader.get("/api/v1/book").await.0, 404);
        let same = open(&admin, &path).await.form(&path).send(&admin).await;
        assert_eq!(same.location(), format!("{path}?done=same"));
    })
    .await;
}

#[tokio::test]
async fn a_stale_form_of_a_role_is_refused_with_what_is_stored_now_and_nothing_is_lost() {
    let name = "a_stale_form_of_a_role_is_refused_with_what_is_stored_now_and_nothing_is_lost";
    on_each_app(name, as_it_is, async |app| {
        let (id, path) = role(app, "Editors").await;
        let mut grant = grant_all("author", json!("all"));
        grant["role_id"] = id.parse::<i64>().unwrap().into();
        let key = app.make("qd_grant", grant).await["id"].to_string();
        let admin = app.login("admin").await;
        let stale = open(&admin, &path).await.form(&path);
        let now = json!({"verbs": ["list"]});
        let (status, _) = admin
            .send("PATCH", &format!("/api/v1/qd_grant/{key}"), now)
            .await;
        assert_eq!(status, 200);
        let form = stale.and(&format!("g.{key}.limit"), "rows");
        let form = form
            .with(&format!("g.{key}.where"), "{\"country\": \"GB\"}")
            .and("n.book.verb", "list");
        let page = form.send(&admin).await;
        assert_eq!(page.status(), 412, "{}", page.text());
        assert!(
            page.text().contains("Somebody else has changed this rule"),
            "{}",
            page.text()
        );
        assert!(
            page.text().contains("Stored by now: list on every row"),
            "{}",
            page.text()
        );
        // All or nothing, and the form is as it was left.
        assert_eq!(grants(&admin, &id).await.len(), 1);
        let again = page.form(&path);
        assert_eq!(
            again.value(&format!("g.{key}.where")),
            Some("{\"country\": \"GB\"}")
        );
        assert_eq!(again.send(&admin).await.status(), 303);
        let stored = grants(&admin, &id).await;
        assert_eq!(
            (stored.len(), &stored[0]["rows"]),
            (2, &json!({"country": "GB"}))
        );
        // What makes no sense is told at its rule.
        let form = open(&admin, &path).await.form(&path);
        for (text, word) in [("country = GB", "no JSON"), ("{\"contry\": 1}", "contry")] {
            let page = form
                .clone()
                .with(&format!("g.{key}.where"), text)
                .send(&admin)
                .await;
            assert_eq!(page.status(), 422);
            assert!(page.text().contains(word), "{}", page.text());
            assert!(page.links().contains(&format!("#g.{key}")));
        }
    })
    .await;
}

#[tokio::test]
async fn r35_a23_nobody_gives_themselves_more_by_the_pages_of_roles_and_users() {
    let name = "r35_a23_nobody_gives_themselves_more_by_the_pages_of_roles_and_users";
    on_each_app(name, as_it_is, async |app| {
        // As much as a grant can give on the models of power.
        let all = [
            "qd_user",
            "qd_role",
            "qd_user_role",
            "qd_grant",
            "qd_session",
        ];
        let grants: Vec<Value> = all.iter().map(|m| grant_all(m, json!("all"))).collect();
        let ann = app.user("ann", false, json!(grants)).await;
        let (id, path) = role(app, "Everything").await;
        let session = app.login("ann").await;
        let page = open(&session, &path).await;
        assert!(
            !page
                .reply
                .text
                .contains(".verb\" value=\"list\" aria-label=\"Authors: List\">")
        );
        let users = format!("/admin/_users/{ann}");
        let page = open(&session, &users).await;
        assert!(!page.reply.text.contains(&format!("{users}/link")));
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let role_of = vec![field("role", &id), field("shown", &id)];
        for (path, fields) in [
            (
                path,
                vec![field("n.author.where", ""), field("n.author.verb", "list")],
            ),
            (format!("{users}/roles"), role_of),
            (
                format!("{users}/password"),
                vec![field("new", "four words and a horse")],
            ),
            (format!("{users}/link"), Vec::new()),
            (
                "/admin/_users/1/password".to_owned(),
                vec![field("new", "four words and a horse")],
            ),
            (
                "/admin/_users/1/state".to_owned(),
                vec![field("active", "false")],
            ),
            ("/admin/_view".to_owned(), vec![field("user", "1")]),
        ] {
            let answer = super::page::post(&session, &path, &fields).await;
            assert_eq!(answer.status(), 403, "{path}: {}", answer.text());
        }
        for (path, body) in [
            ("/auth/users/1/link", json!({})),
            (
                "/auth/users/1/password",
                json!({"new": "four words and a horse"}),
            ),
            ("/auth/view_as", json!({"user": 1})),
        ] {
            assert_eq!(session.send("POST", path, body).await.0, 403, "{path}");
        }
        assert_eq!(session.get("/api/v1/author").await.0, 404);
    })
    .await;
}

#[tokio::test]
async fn who_may_not_see_the_roles_has_no_page_of_them() {
    let name = "who_may_not_see_the_roles_has_no_page_of_them";
    on_each_app(name, as_it_is, async |app| {
        let (_, path) = role(app, "Editors").await;
        app.user("ann", false, json!([grant_all("author", json!("all"))]))
            .await;
        let ann = app.login("ann").await;
        for path in [
            "/admin/_roles",
            &path,
            "/admin/_users",
            "/admin/_users/1",
            "/admin/_audit",
        ] {
            let page = visit(&ann, path).await;
            assert_eq!(page.status(), 404, "{path}");
            assert!(!page.text().contains("Editors") && !page.links().contains(&path.to_owned()));
        }
        let admin = app.login("admin").await;
        let links = open(&admin, "/admin").await.links();
        for path in ["/admin/_roles", "/admin/_users", "/admin/_audit"] {
            assert!(links.contains(&path.to_owned()), "{path}");
        }
    })
    .await;
}
