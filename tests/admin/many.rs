//! Many records at once: selected on several pages or all that match, tried before it is done, edited,
//! deleted, brought back, and written to a file; and never more than its user may.

use quarterdeck::app::AppBuilder;
use serde_json::json;

use super::forms::book;
use super::page::{Form, Page, post, visit};
use crate::api::sample::call;
use crate::auth::sql;
use crate::house::app::{Session, TestApp, on_each_app};

fn as_it_is(b: AppBuilder) -> AppBuilder {
    b
}

async fn authors(app: &TestApp, n: usize) {
    for i in 1..=n {
        let country = if i % 2 == 0 { "PL" } else { "GB" };
        let body = json!({"name": format!("Author {i}"), "slug": format!("author-{i}"),
            "country": country});
        app.make("author", body).await;
    }
}

async fn open(session: &Session<'_>, path: &str) -> Page {
    let page = visit(session, path).await;
    assert_eq!(page.status(), 200, "{path}: {}", page.reply.text);
    page
}

const MANY: &str = "/admin/author/_many";

/// Presses a button of the bar, with these rows ticked besides those that are already.
async fn press(session: &Session<'_>, page: &Page, (button, keys): (&str, &[&str])) -> Page {
    let mut form = page.form(MANY);
    // The harness takes every input; a browser sends the boxes that are ticked.
    for key in keys {
        form = form.and("_key", key);
    }
    visit(session, &form.and("_do", button).address()).await
}

/// More authors than one operation may be about.
async fn crowd(app: &TestApp) {
    authors(app, 1).await;
    for letter in 'a'..='n' {
        let more = format!(
            "INSERT INTO author (name, slug, country) SELECT name, CONCAT(slug, '{letter}'), country FROM author"
        );
        sql(app.app.engine.db(), &more).await;
    }
}

#[tokio::test]
async fn of_more_than_one_operation_may_have_nobody_counts_how_many_more() {
    on_each_app(
        "of_more_than_one_operation_may_have",
        as_it_is,
        async |app| {
            crowd(app).await;
            let admin = app.login("admin").await;
            for act in ["delete", "edit"] {
                app.statements();
                let page = open(&admin, &format!("{MANY}?_all=1&_do={act}&_rest=sort%3Did")).await;
                let text = page.text();
                assert!(text.contains("more than 10,000 authors?"), "{text}");
                let counts = app.statements();
                let counts: Vec<&String> = counts.iter().filter(|s| s.contains("COUNT(")).collect();
                assert_eq!(counts.len(), 1, "{counts:#?}");
                assert!(counts[0].contains("LIMIT"), "{}", counts[0]);
                let refused =
                    text.contains("More than 10,000 records match: narrow the list down.");
                assert_eq!(refused, act == "delete", "{text}");
            }
            let exact = open(
                &admin,
                &format!("{MANY}?_all=1&_do=delete&_rest=slug%3Dauthor-1"),
            )
            .await;
            assert!(
                exact.text().contains("Delete 1 author?"),
                "{}",
                exact.text()
            );
        },
    )
    .await;
}

fn countries(list: &serde_json::Value) -> Vec<String> {
    let rows = list["data"].as_array().expect("rows");
    rows.iter()
        .map(|row| row["country"].as_str().expect("a text").to_owned())
        .collect()
}

#[tokio::test]
async fn a_selection_goes_from_page_to_page_without_a_script() {
    on_each_app(
        "a_selection_goes_from_page_to_page",
        as_it_is,
        async |app| {
            authors(app, 6).await;
            let admin = app.login("admin").await;
            let page = open(&admin, "/admin/author?limit=2&sort=id").await;
            let kept = press(&admin, &page, ("keep", &["2"])).await;
            assert_eq!(kept.status(), 303);
            assert_eq!(kept.location(), "/admin/author?limit=2&sort=id&_selected=2");
            let page = open(&admin, kept.location()).await;
            assert!(page.text().contains("1 selected"), "{}", page.text());
            let next = open(&admin, &page.link("Next ›").expect("a link")).await;
            let kept = press(&admin, &next, ("keep", &["3", "4"])).await;
            let again = open(&admin, kept.location()).await;
            assert!(again.text().contains("3 selected"), "{}", again.text());
            assert_eq!(again.column(), ["Author 3", "Author 4"]);
            // A tick that is taken away is gone, and so is all with "Clear".
            let less = again.form(MANY).and("_key", "4");
            let less = visit(&admin, &less.and("_do", "keep").address()).await;
            assert!(
                less.location().ends_with("&_selected=2:4"),
                "{}",
                less.location()
            );
            let clear = open(&admin, less.location())
                .await
                .link("Clear")
                .expect("a link");
            assert!(!clear.contains("_selected"), "{clear}");
            // What the API does not know stays out of its request.
            let shown = again.text_of("pre", "id", "curl").expect("a command");
            assert!(
                !shown.contains("_selected") && shown.contains("limit=2"),
                "{shown}"
            );
            let none = press(
                &admin,
                &open(&admin, "/admin/author").await,
                ("delete", &[]),
            )
            .await;
            let told = open(&admin, none.location()).await;
            assert!(
                told.text().contains("Nothing is selected."),
                "{}",
                told.text()
            );
        },
    )
    .await;
}

#[tokio::test]
async fn fields_of_many_are_changed_after_a_preview() {
    on_each_app("fields_of_many_are_changed", as_it_is, async |app| {
        authors(app, 4).await;
        let admin = app.login("admin").await;
        let list = open(&admin, "/admin/author?sort=id").await;
        let page = press(&admin, &list, ("edit", &["1", "3"])).await;
        assert_eq!(page.status(), 200, "{}", page.reply.text);
        assert!(page.text().contains("Change 2 authors?"), "{}", page.text());
        // What tells records apart is not to be made the same.
        assert!(page.form(MANY).value("slug").is_none());
        let untouched = page.form(MANY).send(&admin).await;
        assert_eq!(untouched.status(), 422);
        assert!(untouched.text().contains("at least one field"));
        let filled = page
            .form(MANY)
            .with("country", "FRANCE")
            .and("set.country", "1");
        let refused = filled.send(&admin).await;
        assert_eq!(refused.status(), 422, "{}", refused.reply.text);
        assert_eq!(refused.form(MANY).value("country"), Some("FRANCE"));
        let filled = refused.form(MANY).with("country", "FR");
        let preview = filled.send(&admin).await;
        assert_eq!(preview.status(), 200, "{}", preview.reply.text);
        let rows = preview.rows();
        assert_eq!(rows[0], ["Author 1", "Country GB → FR"], "{rows:?}");
        assert_eq!(rows.len(), 2);
        let (_, before) = admin.get("/api/v1/author?sort=id").await;
        assert_eq!(countries(&before), ["GB", "PL", "GB", "PL"]);
        let done = preview.form(MANY).send(&admin).await;
        assert_eq!(done.status(), 303, "{}", done.reply.text);
        let told = open(&admin, done.location()).await;
        assert!(
            told.text().contains("2 authors were changed."),
            "{}",
            told.text()
        );
        let (_, after) = admin.get("/api/v1/author?sort=id").await;
        assert_eq!(countries(&after), ["FR", "PL", "FR", "PL"]);
        // One change set, which the audit has from the pages' door.
        let at = (
            "GET",
            "/api/v1/qd_audit?door=admin&verb=patch&fields=id,door",
        );
        let entries = call(&admin, at, &[], None).await.json();
        assert_eq!(entries["data"].as_array().expect("rows").len(), 2);
    })
    .await;
}

#[tokio::test]
async fn many_records_are_pointed_at_another_one_that_was_searched_for() {
    on_each_app("many_records_are_pointed", as_it_is, async |app| {
        authors(app, 3).await;
        for i in 0..2 {
            let book = json!({"isbn": format!("978000000000{i}"), "title": "Notes",
                "author_id": 1, "price": "1.00", "pages": 10, "language": "en"});
            app.make("book", book).await;
        }
        let admin = app.login("admin").await;
        let many = "/admin/book/_many";
        let list = open(&admin, "/admin/book").await;
        let form = list.form(many).and("_all", "1").and("_do", "edit");
        let page = open(&admin, &form.address()).await;
        let options = page.tags.iter().find_map(|t| t.get("data-options"));
        assert_eq!(options, Some("/admin/book/_options?field=author_id"));
        let search = page.form(many).with("_q.author_id", "Author 3");
        let search = search.and("_then", "find.author_id");
        let found = search.send(&admin).await;
        assert_eq!(found.status(), 200, "{}", found.reply.text);
        assert!(found.text().contains("Author 3") && !found.text().contains("Author 2"));
        // Whoever searches for a value means to set it.
        let form = found.form(many);
        assert_eq!(form.value("set.author_id"), Some("1"));
        let form = form.with("_pick.author_id", "3");
        let preview = form.send(&admin).await;
        assert_eq!(preview.status(), 200, "{}", preview.reply.text);
        assert_eq!(preview.rows().len(), 2, "{}", preview.text());
        let done = preview.form(many).send(&admin).await;
        assert_eq!(done.status(), 303, "{}", done.reply.text);
        let (_, books) = admin.get("/api/v1/book?author_id=3").await;
        assert_eq!(books["data"].as_array().map(Vec::len), Some(2), "{books}");
        for name in ["price", "zz"] {
            let asked = page.form(many).and("_then", &format!("find.{name}"));
            assert_eq!(asked.send(&admin).await.status(), 400, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a22_all_that_match_are_deleted_and_no_more_than_were_confirmed() {
    on_each_app("a22_all_that_match_are_deleted", as_it_is, async |app| {
        authors(app, 5).await;
        let admin = app.login("admin").await;
        let list = open(&admin, "/admin/author?country=PL&limit=1").await;
        assert!(list.text().contains("all 2 that match"), "{}", list.text());
        let form = list.form(MANY).and("_all", "1").and("_do", "delete");
        let page = visit(&admin, &form.address()).await;
        assert_eq!(page.status(), 200, "{}", page.reply.text);
        assert!(page.text().contains("Delete 2 authors?"), "{}", page.text());
        assert_eq!(page.column(), ["Author 2", "Author 4"]);
        // One more has come meanwhile: it is asked again.
        let third = json!({"name": "New", "slug": "new", "country": "PL"});
        app.make("author", third).await;
        let refused = page.form(MANY).send(&admin).await;
        assert_eq!(refused.status(), 409, "{}", refused.reply.text);
        assert!(
            refused.text().contains("Delete 3 authors?"),
            "{}",
            refused.text()
        );
        let (_, still) = admin.get("/api/v1/author").await;
        assert_eq!(countries(&still).len(), 6);
        let page = visit(&admin, &form.address()).await;
        let done = page.form(MANY).send(&admin).await;
        assert_eq!(done.status(), 303, "{}", done.reply.text);
        let (_, left) = admin.get("/api/v1/author").await;
        assert_eq!(countries(&left), ["GB", "GB", "GB"]);
    })
    .await;
}

#[tokio::test]
async fn what_stands_against_a_change_of_many_is_said_before_it_is_done() {
    on_each_app(
        "what_stands_against_a_change_of_many",
        as_it_is,
        async |app| {
            authors(app, 3).await;
            book(app, 1).await;
            let admin = app.login("admin").await;
            let list = open(&admin, "/admin/author").await;
            let page = press(&admin, &list, ("delete", &["1", "2"])).await;
            assert_eq!(page.status(), 200, "{}", page.reply.text);
            assert!(
                page.text().contains("#1: Other records point at this one."),
                "{}",
                page.text()
            );
            let forms = page.tags.iter().filter(|t| t.get("action") == Some(MANY));
            assert_eq!(forms.count(), 0, "nothing to confirm");
            let gone = press(&admin, &list, ("delete", &["77"])).await;
            assert!(gone.text().contains("#77"), "{}", gone.text());
            let grants = json!([{"model": "author", "verbs": ["list", "read", "delete"],
            "rows": {"country": "PL"}, "readable": "all", "writable": []}]);
            app.user("polish", false, grants).await;
            let polish = app.login("polish").await;
            let list = open(&polish, "/admin/author").await;
            let form = list.form(MANY).and("_all", "1").and("_do", "delete");
            let page = visit(&polish, &form.address()).await;
            assert_eq!(page.column(), ["Author 2"]);
            // The key of a row that is not theirs is no row.
            let other = press(&polish, &list, ("delete", &["3"])).await;
            let none = press(&polish, &list, ("delete", &["77"])).await;
            assert_eq!(
                other.reply.text.replace('3', "77").len(),
                none.reply.text.replace('3', "77").len()
            );
            let edit = press(&polish, &list, ("edit", &["2"])).await;
            assert_eq!(edit.status(), 403);
            let fields = [
                ("_do", "edit"),
                ("_selected", "2"),
                ("_step", "do"),
                ("set.country", "1"),
                ("country", "DE"),
            ];
            let fields: Vec<(String, String)> = fields
                .iter()
                .map(|(n, v)| ((*n).into(), (*v).into()))
                .collect();
            assert_eq!(post(&polish, MANY, &fields).await.status(), 403);
        },
    )
    .await;
}

#[tokio::test]
async fn the_selected_records_are_a_file_and_trashed_ones_come_back() {
    on_each_app("the_selected_records_are_a_file", as_it_is, async |app| {
        authors(app, 3).await;
        let admin = app.login("admin").await;
        let list = open(&admin, "/admin/author?country=GB&fields=id,slug&sort=-id").await;
        let file_of = async |asked: Page| {
            let page = open(&admin, asked.location()).await;
            let made = page.form("/admin/author/_export").send(&admin).await;
            assert_eq!(made.status(), 303, "{}", made.reply.text);
            made
        };
        let some = file_of(press(&admin, &list, ("export", &["1", "2"])).await).await;
        let file = call(&admin, ("GET", some.location()), &[], None).await;
        assert_eq!(file.text, "id,slug\r\n2,author-2\r\n1,author-1\r\n");
        let all = list.form(MANY).and("_all", "1").and("_do", "export");
        let all = file_of(visit(&admin, &all.address()).await).await;
        let file = call(&admin, ("GET", all.location()), &[], None).await;
        assert_eq!(file.text, "id,slug\r\n3,author-3\r\n1,author-1\r\n");
        for code in ["SN-1", "SN-2"] {
            let body = json!({"code": code, "body": "x", "created_at": "2026-01-01T00:00:00Z"});
            app.make("staff_note", body).await;
            let path = format!("/api/v1/staff_note/{code}");
            let gone = admin.send("DELETE", &path, serde_json::Value::Null).await;
            assert_eq!(gone.0, 204);
        }
        let many = "/admin/staff_note/_many";
        let list = open(&admin, "/admin/staff_note?trash=only").await;
        assert_eq!(list.rows().len(), 2);
        let form: Form = list.form(many).and("_all", "1").and("_do", "restore");
        let page = visit(&admin, &form.address()).await;
        assert!(page.text().contains("Restore 2 "), "{}", page.text());
        let done = page.form(many).send(&admin).await;
        assert_eq!(done.status(), 303, "{}", done.reply.text);
        assert_eq!(open(&admin, "/admin/staff_note").await.rows().len(), 2);
    })
    .await;
}
