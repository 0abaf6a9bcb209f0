//! The change sets: who changed what, and taking it back.

use serde_json::{Value, json};

use super::forms::{accepted, as_it_is, author, open, stored};
use super::page::{Page, visit};
use crate::house::app::{Session, TestApp, grant_all, on_each_app};

async fn patch(session: &Session<'_>, path: &str, body: Value) {
    let path = path.replace("/admin/", "/api/v1/");
    let (status, answer) = session.send("PATCH", &path, body).await;
    assert_eq!(status, 200, "{answer}");
}

/// The number of the newest change set that a session is shown.
async fn newest(session: &Session<'_>) -> i64 {
    let (status, page) = session.get("/api/v1/_changes?limit=1").await;
    assert_eq!(status, 200, "{page}");
    page["data"][0]["change_set"].as_i64().expect("a number")
}

/// The numbers of the change sets on a page.
fn numbers(page: &Page) -> Vec<String> {
    let links = page.links().into_iter();
    let sets = links.filter_map(|l| l.strip_prefix("/admin/_changes/").map(ToOwned::to_owned));
    sets.filter(|l| l.parse::<i64>().is_ok()).collect()
}

async fn staff(app: &TestApp, name: &str, model: &str) {
    app.user(name, false, json!([grant_all(model, json!("all"))]))
        .await;
}

#[tokio::test]
async fn a_change_set_is_shown_record_by_record_and_undone_after_a_question() {
    on_each_app("a_change_set_is_shown", as_it_is, async |app| {
        let (one, path) = author(app, "one").await;
        let (two, other) = author(app, "two").await;
        let admin = app.login("admin").await;
        let both = json!({"operations": [
            {"verb": "patch", "id": one, "data": {"country": "FR"}},
            {"verb": "patch", "id": two, "data": {"country": "DE"}}]});
        let (status, answer) = admin.send("POST", "/api/v1/author/_bulk", both).await;
        assert_eq!(status, 200, "{answer}");
        let set = newest(&admin).await;
        let list = open(&admin, "/admin/_changes").await;
        assert!(
            list.text().contains("Changed Author Ada"),
            "{}",
            list.text()
        );
        let page = open(&admin, &format!("/admin/_changes/{set}")).await;
        assert_eq!(
            page.rows(),
            [["Country", "GB", "FR"], ["Country", "GB", "DE"]]
        );
        let at = format!("/admin/_changes/{set}/undo");
        let question = open(&admin, &at).await;
        assert_eq!(
            question.rows(),
            [["Country", "DE", "GB"], ["Country", "FR", "GB"]]
        );
        assert_eq!(stored(&admin, &path).await["country"], "FR", "a question");
        let (to, page) = accepted(&admin, &question.form(&at)).await;
        assert_eq!(to, format!("/admin/_changes/{set}?undone=2"));
        assert!(
            page.text().contains("2 changes were taken back"),
            "{}",
            page.text()
        );
        assert!(
            page.text().contains("It was taken back by change"),
            "{}",
            page.text()
        );
        for path in [&path, &other] {
            assert_eq!(stored(&admin, path).await["country"], "GB");
        }
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_undone_is_said_first_and_the_rest_can_be() {
    on_each_app(
        "what_cannot_be_undone_is_said_first",
        as_it_is,
        async |app| {
            let (one, path) = author(app, "one").await;
            let (two, other) = author(app, "two").await;
            let admin = app.login("admin").await;
            let both = json!({"operations": [
            {"verb": "patch", "id": one, "data": {"country": "FR"}},
            {"verb": "patch", "id": two, "data": {"country": "DE"}}]});
            admin.send("POST", "/api/v1/author/_bulk", both).await;
            let set = newest(&admin).await;
            patch(&admin, &path, json!({"country": "IT"})).await;
            let at = format!("/admin/_changes/{set}/undo");
            let question = open(&admin, &at).await;
            assert!(
                question.text().contains("country has been changed since"),
                "{}",
                question.text()
            );
            assert_eq!(question.rows(), [["Country", "DE", "GB"]]);
            let form = question.form(&at);
            // Without saying so nothing is skipped.
            let strict = form.clone().less("conflicts").send(&admin).await;
            assert_eq!(strict.status(), 409, "{}", strict.reply.text);
            assert_eq!(stored(&admin, &other).await["country"], "DE");
            accepted(&admin, &form).await;
            assert_eq!(stored(&admin, &other).await["country"], "GB");
            assert_eq!(stored(&admin, &path).await["country"], "IT");
        },
    )
    .await;
}

#[tokio::test]
async fn change_sets_are_sifted_by_user_model_door_and_day() {
    on_each_app("change_sets_are_sifted", as_it_is, async |app| {
        staff(app, "staff", "author").await;
        let (_, path) = author(app, "one").await;
        let (admin, staff) = (app.login("admin").await, app.login("staff").await);
        patch(&staff, &path, json!({"country": "FR"})).await;
        let own = newest(&staff).await.to_string();
        patch(&admin, &path, json!({"country": "DE"})).await;
        let all = open(&admin, "/admin/_changes").await;
        assert!(numbers(&all).contains(&own) && numbers(&all).len() > 2);
        let id = app.app.engine.model("qd_user").expect("users").id;
        assert!(app.app.engine.registry().model(id).slug == "qd_user");
        let (_, me) = staff.get("/auth/session").await;
        let me = me["user"]["id"]
            .as_i64()
            .or(me["id"].as_i64())
            .expect("an id");
        // The last day of a span is part of it, whole.
        let today = quarterdeck::store::now().date_naive();
        for query in [
            format!("user={me}&model=&since="),
            format!("until={today}&limit=100"),
            "model=author&door=rest&limit=100".to_owned(),
        ] {
            let page = open(&admin, &format!("/admin/_changes?{query}")).await;
            assert!(
                numbers(&page).contains(&own),
                "{query}: {:?}",
                numbers(&page)
            );
        }
        for query in ["model=book", "door=cli&user=2", "until=2020-01-01"] {
            let page = open(&admin, &format!("/admin/_changes?{query}")).await;
            assert!(!numbers(&page).contains(&own), "{query}");
        }
        let odd = visit(&admin, "/admin/_changes?since=soon").await;
        assert_eq!(odd.status(), 400, "{}", odd.text());
    })
    .await;
}

#[tokio::test]
async fn r39_others_changes_and_hidden_records_are_not_told() {
    on_each_app("r39_others_changes_are_not_told", as_it_is, async |app| {
        let (one, path) = author(app, "one").await;
        let (_, other) = author(app, "two").await;
        let admin = app.login("admin").await;
        patch(&admin, &path, json!({"country": "FR"})).await;
        let theirs = newest(&admin).await;
        let grant = grant_all("author", json!({"country": "FR"}));
        app.user("ruled", false, json!([grant])).await;
        staff(app, "staff", "author").await;
        let (ruled, staff) = (app.login("ruled").await, app.login("staff").await);
        for session in [&ruled, &staff] {
            let page = open(session, "/admin/_changes").await;
            assert_eq!(numbers(&page), Vec::<String>::new());
            for path in [
                format!("/admin/_changes/{theirs}"),
                format!("/admin/_changes/{theirs}/undo"),
            ] {
                assert_eq!(visit(session, &path).await.status(), 404, "{path}");
            }
            let (status, _) = session.get(&format!("/api/v1/_changes/{theirs}")).await;
            assert_eq!(status, 404);
        }
        patch(&ruled, &path, json!({"biography": "Mine"})).await;
        let own = newest(&ruled).await;
        let page = open(&ruled, &format!("/admin/_changes/{own}")).await;
        assert!(page.text().contains("Biography"), "{}", page.text());
        assert!(!page.reply.text.contains("Mine"), "{}", page.text());
        // What has gone out of sight has gone from the list.
        patch(&admin, &path, json!({"country": "GB"})).await;
        let (_, list) = ruled.get("/api/v1/_changes").await;
        assert_eq!(list["data"], json!([]), "{one}");
        let (_, set) = ruled.get(&format!("/api/v1/_changes/{own}")).await;
        assert_eq!(set["data"], json!([]));
        // Nor are the records of a model told that the caller may not read any more.
        patch(&staff, &other, json!({"country": "FR"})).await;
        let grants = admin.get("/api/v1/qd_grant?sort=-id&limit=1").await.1;
        let at = format!("/api/v1/qd_grant/{}", grants["data"][0]["id"]);
        let (status, answer) = admin.send("PATCH", &at, json!({"model": "category"})).await;
        assert_eq!(status, 200, "{answer}");
        let (_, list) = staff.get("/api/v1/_changes").await;
        assert_eq!(list["data"], json!([]), "{list}");
        assert_eq!(app.anonymous().get("/api/v1/_changes").await.0, 401);
    })
    .await;
}

#[tokio::test]
async fn a_long_undo_is_an_operation_with_a_page() {
    on_each_app("a_long_undo_is_an_operation", as_it_is, async |app| {
        let admin = app.login("admin").await;
        let create = |i: usize| {
            let data =
                json!({"name": format!("Author {i}"), "slug": format!("a-{i}"), "country": "GB"});
            json!({"verb": "create", "data": data})
        };
        let all: Vec<Value> = (0..1001).map(create).collect();
        let body = json!({"operations": all});
        let (status, answer) = admin.send("POST", "/api/v1/author/_bulk", body).await;
        assert_eq!(status, 200, "{answer}");
        let at = format!("/admin/_changes/{}/undo", newest(&admin).await);
        let question = open(&admin, &at).await;
        assert!(
            question.text().contains("It takes a while"),
            "{}",
            question.text()
        );
        // It is not tried for the question.
        assert!(
            !question.text().contains("Author 99"),
            "{}",
            question.text()
        );
        // One of them has been changed since: nothing is undone, and it is said why.
        let (_, first) = admin.get("/api/v1/author?limit=1&sort=id").await;
        let path = format!("/api/v1/author/{}", first["data"][0]["id"]);
        patch(&admin, &path, json!({"name": "Ada"})).await;
        let begun = question.form(&at).send(&admin).await;
        let page = super::export::ended(&admin, begun.location()).await;
        assert!(
            page.text().contains("name has been changed since."),
            "{}",
            page.text()
        );
        let (_, left) = admin.get("/api/v1/author?count=exact").await;
        assert_eq!(left["page"]["count"], 1001);
        let rest = question.form(&at).and("conflicts", "skip");
        let begun = rest.send(&admin).await;
        assert_eq!(begun.status(), 303, "{}", begun.reply.text);
        assert!(
            begun.location().starts_with("/admin/_operations/"),
            "{}",
            begun.location()
        );
        let page = super::export::ended(&admin, begun.location()).await;
        assert!(
            page.text().contains("Changes taken back: 1,000"),
            "{}",
            page.text()
        );
        let (_, left) = admin.get("/api/v1/author?count=exact").await;
        assert_eq!(left["page"]["count"], 1);
    })
    .await;
}
