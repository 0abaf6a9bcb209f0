//! What a record's form does beside saving: choose a record to point at, make one in place, keep the
//! viewer's zone, copy, step through a list, and settle a conflict field by field.

use serde_json::{Value, json};

use super::forms::{accepted, as_it_is, author, book, open, refused, stored};
use super::page::{escape, visit};
use super::zones::in_berlin;
use crate::house::app::on_each_app;

#[tokio::test]
async fn a_record_to_point_at_is_found_without_a_script() {
    on_each_app("a_record_to_point_at_is_found", as_it_is, async |app| {
        let (ada, _) = author(app, "ada").await;
        let (_, other) = author(app, "bob").await;
        let admin = app.login("admin").await;
        let change = json!({"name": "Bob"});
        let api = other.replacen("/admin/", "/api/v1/", 1);
        assert_eq!(admin.send("PATCH", &api, change).await.0, 200);
        let new = "/admin/book/new";
        let form = open(&admin, new).await.form(new);
        let form = form
            .with("title", "Notes")
            .with("_q.author_id", "ad")
            .and("_then", "find.author_id");
        let page = form.send(&admin).await;
        assert_eq!(page.status(), 200, "{}", page.reply.text);
        let found = page
            .text_of("span", "id", "p-author_id")
            .expect("what was found");
        assert!(found.starts_with("Ada"), "{found}");
        assert!(!page.text().contains("Bob"), "{}", page.text());
        // What was typed is still there, and the choice is saved with it.
        let form = page.form(new);
        assert_eq!(form.value("title"), Some("Notes"));
        let form = form
            .with("_pick.author_id", &ada.to_string())
            .with("isbn", "9780000000002")
            .with("price", "2.50")
            .with("pages", "7");
        let (path, page) = accepted(&admin, &form).await;
        let (path, _) = path.split_once('?').expect("a query");
        assert!(page.link("Ada").is_some(), "{}", page.text());
        assert_eq!(stored(&admin, path).await["author_id"], ada);
        // By its key, and by nothing that is there.
        for (words, wanted) in [
            (ada.to_string(), "Ada"),
            ("zzz".to_owned(), "Nothing found."),
        ] {
            let form = open(&admin, path).await.form(path);
            let form = form
                .with("_q.author_id", &words)
                .and("_then", "find.author_id");
            let page = form.send(&admin).await;
            let found = page
                .text_of("span", "id", "p-author_id")
                .expect("what was found");
            assert!(found.contains(wanted), "{words}: {found}");
        }
        let form = open(&admin, path)
            .await
            .form(path)
            .and("_then", "find.title");
        assert_eq!(form.send(&admin).await.status(), 400);
    })
    .await;
}

#[tokio::test]
async fn r27_a_picker_offers_what_its_user_may_list_and_no_more() {
    on_each_app("a_picker_offers_what_its_user_may_list", as_it_is, async |app| {
        author(app, "ada").await;
        author(app, "bob").await;
        let all = json!(["list", "read", "create", "patch"]);
        let book = json!({"model": "book", "verbs": all, "rows": "all", "readable": "all", "writable": "all"});
        let some = json!({"model": "author", "verbs": ["list"], "rows": {"slug": "ada"},
            "readable": ["id", "name"], "writable": []});
        app.user("clerk", false, json!([book, some])).await;
        let known = json!({"model": "author", "verbs": ["read"], "rows": "all",
            "readable": ["id", "name"], "writable": []});
        app.user("reader", false, json!([book, known])).await;
        app.user("stranger", false, json!([book])).await;
        let options = "/admin/book/_options?field=author_id&q=";
        let admin = app.login("admin").await;
        let count = |html: &str| html.matches("role=\"option\"").count();
        assert_eq!(count(&visit(&admin, options).await.reply.text), 2);
        let clerk = app.login("clerk").await;
        let page = visit(&clerk, options).await;
        assert_eq!((page.status(), count(&page.reply.text)), (200, 1));
        assert!(!page.reply.text.contains("bob"), "{}", page.reply.text);
        // Who may not list authors has the key alone, and no search.
        for name in ["stranger", "reader"] {
            let user = app.login(name).await;
            assert_eq!(visit(&user, options).await.status(), 400, "{name}");
            let form = open(&user, "/admin/book/new").await.form("/admin/book/new");
            let values = (form.value("author_id"), form.value("_q.author_id"));
            assert_eq!(values, (Some(""), None), "{name}");
        }
        for odd in ["field=title", "field=zz", "field=author_id&x=1", ""] {
            let page = visit(&admin, &format!("/admin/book/_options?{odd}")).await;
            assert_eq!(page.status(), 400, "{odd}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_record_is_made_in_place_and_the_form_is_not_lost() {
    on_each_app("a_record_is_made_in_place", as_it_is, async |app| {
        let admin = app.login("admin").await;
        let new = "/admin/book/new";
        let form = open(&admin, new).await.form(new);
        let form = form
            .with("title", "A & B")
            .with("description", "One\r\nTwo");
        let there = form.and("_then", "create.author_id").send(&admin).await;
        assert_eq!(there.status(), 303, "{}", there.reply.text);
        let page = open(&admin, there.location()).await;
        assert!(page.text().contains("New author"), "{}", page.text());
        let form = page.form("/admin/author/new");
        let wrong = refused(&admin, &form.with("name", "Ada"), 422).await;
        let form = wrong.form("/admin/author/new");
        let form = form.with("slug", "ada").with("country", "GB");
        let (to, page) = accepted(&admin, &form).await;
        assert!(to.starts_with("/admin/book/new?_draft="), "{to}");
        let form = page.form(new);
        let names = ["title", "description"];
        assert_eq!(
            names.map(|n| form.value(n)),
            [Some("A & B"), Some("One\r\nTwo")]
        );
        assert!(page.link("Ada").is_some(), "{}", page.text());
        let form = form
            .with("isbn", "9780000000002")
            .with("price", "2.50")
            .with("pages", "7");
        let (path, _) = accepted(&admin, &form).await;
        let (path, _) = path.split_once('?').expect("a query");
        assert_eq!(stored(&admin, path).await["description"], "One\nTwo");
        // A record that is there keeps its digests on the way: nothing else is written.
        let form = open(&admin, path).await.form(path);
        let form = form.with("title", "C").and("_then", "create.publisher_id");
        let there = form.send(&admin).await;
        let form = open(&admin, there.location())
            .await
            .form("/admin/publisher/new");
        let (to, page) = accepted(&admin, &form.with("name", "House")).await;
        assert!(to.starts_with(&format!("{path}?_draft=")), "{to}");
        accepted(&admin, &page.form(path)).await;
        let record = stored(&admin, path).await;
        assert_eq!(record["title"], "C");
        assert!(record["publisher_id"].is_i64(), "{record}");
        // What is too long for an address stays where it is, and says so.
        let form = open(&admin, new).await.form(new);
        let form = form.with("description", &"ж".repeat(4000));
        let page = refused(&admin, &form.and("_then", "create.author_id"), 422).await;
        assert!(
            page.text().contains("too long to be taken along"),
            "{}",
            page.text()
        );
    })
    .await;
}

#[tokio::test]
async fn times_are_in_the_viewers_zone_and_stored_as_instants() {
    on_each_app("times_are_in_the_viewers_zone", as_it_is, async |app| {
        let customer = json!({"name": "Cy", "email": "cy@example.org", "preferences": {},
            "id": "0198f4a2-0000-7000-8000-000000000001", "created_at": "2026-01-01T00:00:00Z"});
        let customer = app.make("customer", customer).await["id"].clone();
        let order =
            json!({"customer_id": customer, "total": "1.00", "placed_at": "2026-07-01T22:30:00Z"});
        let id = app.make("order", order).await["id"].clone();
        let path = format!("/admin/order/{id}");
        let admin = app.login("admin").await;
        in_berlin(&admin).await;
        let page = open(&admin, &path).await;
        let form = page.form(&path);
        assert_eq!(form.value("placed_at"), Some("2026-07-02T00:30:00"));
        assert!(page.text().contains("In Europe/Berlin."), "{}", page.text());
        accepted(&admin, &form).await;
        assert_eq!(
            stored(&admin, &path).await["placed_at"],
            "2026-07-01T22:30:00Z"
        );
        let form = form
            .with("shipped_at", "2026-11-22T08:00")
            .with("placed_at", "2026-07-02T01:00");
        accepted(&admin, &form).await;
        let record = stored(&admin, &path).await;
        let wanted = ["2026-11-22T07:00:00Z", "2026-07-01T23:00:00Z"];
        assert_eq!([&record["shipped_at"], &record["placed_at"]], wanted);
        // The hour that the clocks leave out is no time.
        let form = open(&admin, &path)
            .await
            .form(&path)
            .with("shipped_at", "2026-03-29T02:30");
        let page = refused(&admin, &form, 422).await;
        assert!(
            page.text().contains("the clocks were put forward"),
            "{}",
            page.text()
        );
    })
    .await;
}

#[tokio::test]
async fn a_copy_begins_with_the_values_of_its_record() {
    on_each_app("a_copy_begins_with_the_values", as_it_is, async |app| {
        let (id, path) = author(app, "ada").await;
        let admin = app.login("admin").await;
        let copy = open(&admin, &path).await.link("Duplicate").expect("a link");
        let form = open(&admin, &copy).await.form("/admin/author/new");
        let names = ["name", "slug", "country", "biography"];
        let wanted = ["Ada", "ada", "GB", "One\r\nTwo"].map(Some);
        assert_eq!(names.map(|n| form.value(n)), wanted);
        let (to, _) = accepted(&admin, &form.with("slug", "ada-2")).await;
        let (to, _) = to.split_once('?').expect("a query");
        assert_eq!(stored(&admin, to).await["biography"], "One\nTwo");
        // The address of a new record may hold values: so a list leads to one more of its kind.
        let new = format!("/admin/book/new?author_id={id}&title=Next");
        let page = open(&admin, &new).await;
        let form = page.form("/admin/book/new");
        assert_eq!(form.value("title"), Some("Next"));
        assert!(page.link("Ada").is_some(), "{}", page.text());
        for odd in ["id=1", "zz=1", "created_at=x"] {
            let page = visit(&admin, &format!("/admin/book/new?{odd}")).await;
            assert_eq!(page.status(), 400, "{odd}");
        }
        assert_eq!(
            visit(&admin, "/admin/author/new?_from=999").await.status(),
            404
        );
    })
    .await;
}

#[tokio::test]
async fn a_record_leads_to_its_neighbours_in_its_list_and_to_what_points_at_it() {
    on_each_app("a_record_leads_to_its_neighbours", as_it_is, async |app| {
        let mut ids = Vec::new();
        for slug in ["a", "b", "c", "d", "e"] {
            ids.push(author(app, slug).await.0);
        }
        book(app, ids[0]).await;
        let admin = app.login("admin").await;
        let list = escape("sort=-slug&limit=2");
        let mut path = format!("/admin/author/{}?_list={list}", ids[4]);
        let mut seen = Vec::new();
        loop {
            let page = open(&admin, &path).await;
            seen.push(page.tags.iter().any(|t| t.get("rel") == Some("prev")));
            let next = page.tags.iter().find(|t| t.get("rel") == Some("next"));
            let Some(next) = next else { break };
            path = next.get("href").expect("an address").to_owned();
        }
        assert_eq!(seen, [false, true, true, true, true], "{path}");
        assert!(
            path.starts_with(&format!("/admin/author/{}?", ids[0])),
            "{path}"
        );
        let back = open(&admin, &path).await;
        let back = back
            .tags
            .iter()
            .find(|t| t.get("rel") == Some("prev"))
            .expect("one");
        let back = back.get("href").expect("an address").to_owned();
        assert!(
            back.starts_with(&format!("/admin/author/{}?", ids[1])),
            "{back}"
        );
        // A list that is none any more is left out, and harms nothing.
        let odd = format!("/admin/author/{}?_list={}", ids[0], escape("zz=1"));
        let page = open(&admin, &odd).await;
        assert!(!page.tags.iter().any(|t| t.get("rel") == Some("next")));
        let related = page.text_of("aside", "class", "related").expect("a panel");
        assert!(related.contains("Books 1"), "{related}");
    })
    .await;
}

#[tokio::test]
async fn a_conflict_is_settled_field_by_field() {
    on_each_app("a_conflict_is_settled", as_it_is, async |app| {
        let (_, path) = author(app, "ada").await;
        let admin = app.login("admin").await;
        let api = path.replacen("/admin/", "/api/v1/", 1);
        let mine = open(&admin, &path).await.form(&path);
        let theirs =
            json!({"name": "Theirs", "country": "FR", "biography": "T", "born": "1815-12-10"});
        assert_eq!(admin.send("PATCH", &api, theirs).await.0, 200);
        let mine = mine
            .with("name", "Mine")
            .with("country", "IT")
            .with("biography", "M");
        let page = refused(&admin, &mine, 412).await;
        let rows = page.rows();
        assert!(
            rows.contains(
                &["Name", "Ada", "Theirs", "Mine"]
                    .map(str::to_owned)
                    .to_vec()
            ),
            "{rows:?}"
        );
        let form = page.form(&path);
        // What both changed is mine unless I say otherwise, what they alone changed is theirs.
        let taken = ["_take.name", "_take.born"].map(|n| form.value(n).map(ToOwned::to_owned));
        assert_eq!(taken, ["yours", "theirs"].map(|v| Some(v.to_owned())));
        let form = form
            .with("_take.country", "theirs")
            .with("_take.biography", "base")
            .with("_take.born", "base");
        accepted(&admin, &form).await;
        let record = stored(&admin, &path).await;
        let names = ["name", "country", "biography", "born"];
        let wanted = [json!("Mine"), json!("FR"), json!("One\nTwo"), Value::Null];
        assert_eq!(names.map(|n| record[n].clone()), wanted);
    })
    .await;
}

#[tokio::test]
async fn a_form_has_the_headings_of_the_registration() {
    on_each_app("a_form_has_the_headings", as_it_is, async |app| {
        let (id, _) = author(app, "ada").await;
        let book = book(app, id).await["id"].clone();
        let admin = app.login("admin").await;
        for path in ["/admin/book/new".to_owned(), format!("/admin/book/{book}")] {
            let page = open(&admin, &path).await;
            let headings = page.tags.iter().filter(|t| t.name == "legend");
            let headings: Vec<&str> = headings.map(|t| t.text.trim()).collect();
            assert_eq!(headings[..2], ["Book", "Sale"], "{path}");
            assert_eq!(headings.last(), Some(&"More"), "{path}");
            assert!(page.text().contains("What a shop needs to know."), "{path}");
        }
    })
    .await;
}
