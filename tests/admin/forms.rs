//! The forms: create with faults at their fields, edit, delete after a question.

use quarterdeck::app::AppBuilder;
use serde_json::{Value, json};

use super::page::{Form, Page, post, visit};
use super::stage::filled;
use crate::api::sample::{World, call, text};
use crate::auth::number;
use crate::house::app::{Session, TestApp, grant_all, on_each_app};

pub(super) fn as_it_is(b: AppBuilder) -> AppBuilder {
    b
}

pub(super) async fn open(session: &Session<'_>, path: &str) -> Page {
    let page = visit(session, path).await;
    assert_eq!(page.status(), 200, "{path}: {}", page.reply.text);
    page
}

/// Sends a form that is refused; the page that shows it again.
pub(super) async fn refused(session: &Session<'_>, form: &Form, status: u16) -> Page {
    let page = form.send(session).await;
    assert_eq!(page.status(), status, "{}", page.reply.text);
    assert!(page.text().contains("It was not saved"), "{}", page.text());
    page
}

/// Sends a form that is accepted, and goes where it leads.
pub(super) async fn accepted(session: &Session<'_>, form: &Form) -> (String, Page) {
    let sent = form.send(session).await;
    assert_eq!(sent.status(), 303, "{}", sent.reply.text);
    let to = sent.location().to_owned();
    let page = open(session, &to).await;
    (to, page)
}

/// What is wrong with a field, as it is said at its control.
fn fault(page: &Page, field: &str) -> Option<String> {
    let said = page.text_of("p", "id", &format!("e-{field}"))?;
    let control = page
        .tags
        .iter()
        .find(|t| t.get("id") == Some(&format!("f-{field}")));
    let control = control.expect("a control");
    assert_eq!(control.get("aria-invalid"), Some("true"), "{control:?}");
    let described = control.get("aria-describedby").unwrap_or_default();
    assert!(described.contains(&format!("e-{field}")), "{control:?}");
    // And at the top, leading there.
    assert!(page.links().contains(&format!("#f-{field}")), "{field}");
    Some(said)
}

pub(super) async fn author(app: &TestApp, slug: &str) -> (i64, String) {
    let body = json!({"name": "Ada", "slug": slug, "country": "GB", "biography": "One\nTwo"});
    let id = app.make("author", body).await["id"]
        .as_i64()
        .expect("a key");
    (id, format!("/admin/author/{id}"))
}

pub(super) async fn book(app: &TestApp, author: i64) -> Value {
    let book = json!({"isbn": "9780000000001", "title": "Notes", "author_id": author,
        "price": "1.00", "pages": 10, "language": "en"});
    app.make("book", book).await
}

pub(super) async fn stored(session: &Session<'_>, path: &str) -> Value {
    let (status, record) = session.get(&path.replace("/admin/", "/api/v1/")).await;
    assert_eq!(status, 200, "{path}: {record}");
    record
}

#[tokio::test]
async fn a_record_is_created_by_a_form_with_its_faults_at_their_fields() {
    on_each_app("a_record_is_created_by_a_form", as_it_is, async |app| {
        author(app, "taken").await;
        let admin = app.login("admin").await;
        let new = "/admin/author/new";
        let blank = open(&admin, new).await.form(new);
        let page = refused(&admin, &blank, 422).await;
        for field in ["name", "slug", "country"] {
            assert!(fault(&page, field).is_some(), "{field}: {}", page.text());
        }
        for field in ["born", "biography"] {
            assert_eq!(fault(&page, field), None, "{field}");
        }
        let form = page
            .form(new)
            .with("name", "Grace")
            .with("slug", "taken")
            .with("country", "much too long")
            .with("born", "1906-13-45");
        let page = refused(&admin, &form, 422).await;
        let said = fault(&page, "country").expect("a fault");
        assert!(said.starts_with("Country "), "{said}");
        assert!(fault(&page, "born").is_some() && fault(&page, "name").is_none());
        // What was typed is still there, right and wrong.
        assert_eq!(page.form(new).fields, form.fields);
        let form = page
            .form(new)
            .with("country", "US")
            .with("born", "1906-12-09");
        let page = refused(&admin, &form, 409).await;
        assert!(fault(&page, "slug").expect("a fault").contains("Slug"));
        let form = page.form(new).with("slug", "grace");
        let (to, page) = accepted(&admin, &form).await;
        assert!(page.text().contains("The author was created."), "{to}");
        let (path, _) = to.split_once('?').expect("a query");
        let wanted = json!({"name": "Grace", "slug": "grace", "country": "US",
            "born": "1906-12-09", "biography": null});
        let mut record = stored(&admin, path).await;
        record.as_object_mut().expect("an object").remove("id");
        assert_eq!(record, wanted);
        // The other button leads to the next one.
        let form = open(&admin, new).await.form(new);
        let form = form
            .with("name", "Next")
            .with("slug", "next")
            .with("country", "US")
            .and("_then", "another");
        let (to, page) = accepted(&admin, &form).await;
        assert_eq!(to, "/admin/author/new?saved=created");
        assert!(page.text().contains("here is the next one"), "{to}");
        let db = app.app.engine.db();
        let all = "SELECT COUNT(*) FROM author";
        assert_eq!(number(db, all).await, 3);
        // Every write went through the door of the same name.
        let audited = "SELECT COUNT(*) FROM qd_audit WHERE model = 'author' AND door = 'admin'";
        assert_eq!(number(db, audited).await, 2);
    })
    .await;
}

/// One whose rows a rule limits is told what has become of the fields of the form, and of no state that
/// the record had before.
async fn told_what_is_now(app: &TestApp) {
    let rows = json!({"slug": "bea"});
    app.user("clerk", false, json!([grant_all("author", rows)]))
        .await;
    let (id, path) = author(app, "bea").await;
    let (admin, clerk) = (app.login("admin").await, app.login("clerk").await);
    let form = open(&clerk, &path).await.form(&path);
    let change = json!({"country": "IT"});
    let (status, _) = admin
        .send("PATCH", &format!("/api/v1/author/{id}"), change)
        .await;
    assert_eq!(status, 200);
    let page = refused(&clerk, &form.with("name", "Bea"), 412).await;
    let differences = page.rows();
    let wanted = ["Country", "not known any more", "IT", "not changed"];
    assert_eq!(differences, [wanted], "{}", page.text());
    accepted(&clerk, &page.form(&path)).await;
    let record = stored(&admin, &path).await;
    assert_eq!([&record["name"], &record["country"]], ["Bea", "IT"]);
}

#[tokio::test]
async fn a_form_changes_the_fields_that_its_user_changed_and_no_other() {
    on_each_app("a_form_changes_the_fields", as_it_is, async |app| {
        let (_, path) = author(app, "ada").await;
        let admin = app.login("admin").await;
        let (mine, theirs) = (
            open(&admin, &path).await.form(&path),
            open(&admin, &path).await.form(&path),
        );
        assert_eq!(mine.value("biography"), Some("One\r\nTwo"));
        // Two people open one record. The second to save is shown what the first has changed, and
        // then neither undoes the other.
        let (to, page) = accepted(&admin, &mine.with("name", "Ada Lovelace")).await;
        assert_eq!(to, format!("{path}?saved=changed"));
        assert!(page.text().contains("Your changes were saved."), "{to}");
        let theirs = theirs.with("country", "FR").with("born", "1815-12-10");
        let page = refused(&admin, &theirs, 412).await;
        assert!(page.text().contains("Ada Lovelace"), "{}", page.text());
        assert_eq!(stored(&admin, &path).await["country"], "GB");
        accepted(&admin, &page.form(&path)).await;
        let record = stored(&admin, &path).await;
        let wanted = ["Ada Lovelace", "FR", "1815-12-10", "One\nTwo"];
        let names = ["name", "country", "born", "biography"];
        assert_eq!(names.map(|n| text(&record[n])), wanted);
        told_what_is_now(app).await;
        // Null, a text without a character, and back.
        for (tick, wanted) in [(false, Value::Null), (true, json!(""))] {
            let mut form = open(&admin, &path).await.form(&path);
            form = form.with("biography", "");
            if tick {
                form = form.and("empty.biography", "1");
            }
            accepted(&admin, &form).await;
            assert_eq!(stored(&admin, &path).await["biography"], wanted);
        }
        let form = open(&admin, &path).await.form(&path);
        assert_eq!(form.value("empty.biography"), Some("1"));
        accepted(&admin, &form.less("empty.biography").with("born", "")).await;
        let record = stored(&admin, &path).await;
        assert_eq!(
            (&record["biography"], &record["born"]),
            (&Value::Null, &Value::Null)
        );
        // A fault keeps what was typed and what was shown.
        let form = open(&admin, &path)
            .await
            .form(&path)
            .with("name", "Grace")
            .with("country", "too long");
        let page = refused(&admin, &form, 422).await;
        assert!(fault(&page, "country").is_some());
        assert_eq!(page.form(&path).fields, form.fields);
        assert_eq!(stored(&admin, &path).await, record);
        // What no form of ours holds.
        for (name, value) in [("id", "7"), ("zz", "1"), ("was.zz", "1"), ("name", "twice")] {
            let form = open(&admin, &path).await.form(&path).and(name, value);
            assert_eq!(form.send(&admin).await.status(), 400, "{name}");
        }
        assert_eq!(stored(&admin, &path).await, record);
        for gone in [
            "/admin/author/999",
            "/admin/author/x",
            "/admin/author/1%0a",
            "/admin/author/01",
        ] {
            assert_eq!(visit(&admin, gone).await.status(), 404, "{gone}");
            assert_eq!(post(&admin, gone, &[]).await.status(), 404, "{gone}");
        }
    })
    .await;
}

#[tokio::test]
async fn every_model_is_created_and_shown_by_forms_without_losing_anything() {
    on_each_app("every_model_is_created_by_forms", as_it_is, async |app| {
        let admin = app.login("admin").await;
        let world = World::look(&admin).await;
        let mut tried = 0;
        for slug in world.slugs() {
            if !world.has(&slug, "create") {
                continue;
            }
            let body = world.body(&slug, "create").await;
            let new = format!("/admin/{slug}/new");
            let form = open(&admin, &new).await.form(&new);
            let form = filled(form, &world.writable(&slug, "create"), &body);
            let (to, _) = accepted(&admin, &form).await;
            let (path, _) = to.split_once('?').expect("a query");
            // What came of it is what the API makes of the same body.
            let record = stored(&admin, path).await;
            let of_body = |record: &Value| -> Vec<Value> {
                let names = body.as_object().expect("an object").keys();
                names.map(|n| record[n].clone()).collect()
            };
            let api = path.replacen("/admin/", "/api/v1/", 1);
            let mut patch = body.clone();
            for name in world.key(&slug) {
                patch.as_object_mut().expect("an object").remove(&name);
            }
            let patched = call(&admin, ("PATCH", &api), &[], Some(&patch)).await;
            assert_eq!(patched.status, 200, "{path}: {}", patched.text);
            assert_eq!(of_body(&record), of_body(&patched.json()), "{path}");
            // Saved as it was shown, it stays as it was: no digit, blank or null is lost.
            let before = stored(&admin, path).await;
            let page = open(&admin, path).await;
            let has_form = page
                .tags
                .iter()
                .any(|t| t.name == "form" && t.get("action") == Some(path));
            if has_form {
                accepted(&admin, &page.form(path)).await;
            }
            let mut after = stored(&admin, path).await;
            if after.get("updated_at").is_some() {
                after["updated_at"] = before["updated_at"].clone();
            }
            assert_eq!(after, before, "{path}");
            tried += 1;
        }
        assert!(tried > 15, "{tried}");
    })
    .await;
}

#[tokio::test]
async fn a_record_is_deleted_after_a_question_and_not_by_it() {
    on_each_app(
        "a_record_is_deleted_after_a_question",
        as_it_is,
        async |app| {
            let (id, path) = author(app, "ada").await;
            let admin = app.login("admin").await;
            let question = open(&admin, &path).await.link("Delete…").expect("a link");
            assert_eq!(question, format!("{path}/delete"));
            let page = open(&admin, &question).await;
            assert!(
                page.text().contains("Delete this author?"),
                "{}",
                page.text()
            );
            assert_eq!(page.link("Keep it").as_deref(), Some(path.as_str()));
            assert_eq!(stored(&admin, &path).await["id"], id);
            // Something points at it: it stays, and the page says why.
            let book = book(app, id).await["id"].clone();
            let form = page.form(&question);
            let kept = form.send(&admin).await;
            assert_eq!(kept.status(), 409, "{}", kept.reply.text);
            assert!(
                kept.text().contains("It was not deleted."),
                "{}",
                kept.text()
            );
            let book = format!("/admin/book/{book}/delete");
            let (to, _) = accepted(&admin, &open(&admin, &book).await.form(&book)).await;
            assert_eq!(to, "/admin/book/_deleted");
            assert_eq!(form.clone().and("zz", "1").send(&admin).await.status(), 400);
            let (to, page) = accepted(&admin, &form).await;
            assert_eq!(to, "/admin/author/_deleted");
            assert!(
                page.text().contains("The record was deleted."),
                "{}",
                page.text()
            );
            for (page, what) in [
                (visit(&admin, &path).await, "the record"),
                (visit(&admin, &question).await, "the question"),
                (form.send(&admin).await, "the deed"),
            ] {
                assert_eq!(page.status(), 404, "{what}");
            }
            // Without a word in the list, whoever deletes is led home.
            let (_, path) = author(app, "eve").await;
            let delete = json!([{"model": "author", "verbs": ["delete"], "rows": "all",
            "readable": [], "writable": []}]);
            app.user("sweeper", false, delete).await;
            let sweeper = app.login("sweeper").await;
            let question = format!("{path}/delete");
            let page = open(&sweeper, &question).await;
            assert!(!page.reply.text.contains("Ada"), "{}", page.reply.text);
            let done = page.form(&question).send(&sweeper).await;
            assert_eq!((done.status(), done.location()), (303, "/admin"));
        },
    )
    .await;
}
