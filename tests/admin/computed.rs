//! Computed columns in lists, and which columns stand right.

use serde_json::json;

use super::forms::{as_it_is, author, open};
use super::page::{Page, Tag, visit};
use crate::house::app::on_each_app;

/// The texts of the cells of a table that are aligned as numbers.
fn numbers(page: &Page) -> Vec<String> {
    let num = |class: &str| class.split(' ').any(|c| c == "num");
    let begins =
        |tag: &Tag| matches!(tag.name.as_str(), "td" | "th") && tag.get("class").is_some_and(num);
    let text = |at: usize| {
        let end = |tag: &&Tag| !matches!(tag.name.as_str(), "/td" | "/th");
        let inside = page.tags[at..].iter().take_while(end);
        inside.map(|t| t.text.trim()).collect::<String>()
    };
    let all = 0..page.tags.len();
    all.filter(|&at| begins(&page.tags[at])).map(text).collect()
}

#[tokio::test]
async fn computed_columns_are_chosen_and_ordered_and_numbers_stand_right() {
    on_each_app("computed_columns_are_chosen", as_it_is, async |app| {
        author(app, "ada").await;
        for (i, pages) in [40, 80].iter().enumerate() {
            let book = json!({"isbn": format!("978000000000{i}"), "title": format!("Book {i}"),
                "author_id": 1, "price": "10.00", "pages": pages, "language": "en"});
            app.make("book", book).await;
        }
        app.make("publisher", json!({"name": "Old House"})).await;
        let admin = app.login("admin").await;
        let action = "/admin/book/_arrange";
        let shown = |page: &Page| -> Vec<String> {
            let fields = page.form(action).fields.into_iter();
            let shown = fields.filter(|(name, _)| name == "_show");
            shown.map(|(_, value)| value).collect()
        };
        // It is among the model's own columns, which need no word in the address.
        let page = open(&admin, "/admin/book").await;
        assert!(
            shown(&page).contains(&"page_price".to_owned()),
            "{:?}",
            shown(&page)
        );
        let own = visit(&admin, &page.form(action).address()).await;
        assert_eq!(own.location(), "/admin/book");
        // Left out it is offered again, and goes up as any other.
        let page = open(&admin, "/admin/book?fields=title,pages&sort=id").await;
        assert_eq!(shown(&page), ["title", "pages"]);
        let form = page.form(action).and("_show", "page_price");
        let up = visit(&admin, &form.and("_up", "page_price").address()).await;
        assert_eq!(
            up.location(),
            "/admin/book?fields=title,page_price,pages&sort=id&_open=columns"
        );
        let page = open(&admin, up.location()).await;
        assert_eq!(page.rows()[0], ["Book 0", "0.25", "40"]);
        assert_eq!(page.rows()[1], ["Book 1", "0.125", "80"]);
        assert_eq!(
            numbers(&page),
            ["Per page", "Pages↕", "0.25", "40", "0.125", "80"]
        );
        let options = page.tags.iter().filter(|t| t.name == "option");
        let options: Vec<&str> = options.filter_map(|t| t.get("value")).collect();
        assert!(options.contains(&"pages") && !options.contains(&"page_price"), "{options:?}");
        // What asks the API for the same, and the file of it, know no such field.
        assert!(!page.text().contains("page_price"), "{}", page.text());
        let export = page.links().into_iter().find(|l| l.contains("_export"));
        assert_eq!(
            export.as_deref(),
            Some("/admin/book/_export?fields=title,pages&sort=id")
        );
        // Nothing where a number would be is as far right.
        let page = open(&admin, "/admin/publisher?fields=name,founded_year").await;
        assert_eq!(numbers(&page)[1..], ["—"]);
        // To who may not read what it is made of it is a name like any other.
        let grants = json!([{"model": "book", "verbs": ["list", "read"], "rows": "all",
            "readable": ["id", "title", "price"], "writable": []}]);
        app.user("blind", false, grants).await;
        let blind = app.login("blind").await;
        let page = open(&blind, "/admin/book").await;
        assert!(
            !page.reply.text.contains("page_price"),
            "{}",
            page.reply.text
        );
        for name in ["page_price", "zz"] {
            let page = visit(&blind, &format!("/admin/book?fields=title,{name}")).await;
            assert_eq!(page.status(), 400, "{name}");
        }
        // Nor is a view shown that would tell its name.
        for (name, query) in [("Told", "fields=title,page_price"), ("Plain", "fields=title")] {
            let body = json!({"model": "book", "name": name, "query": query, "shared": true});
            assert_eq!(admin.send("POST", "/api/v1/qd_saved_view", body).await.0, 201);
        }
        let grants = json!([
            {"model": "book", "verbs": ["list"], "rows": "all", "readable": ["id", "title", "price"], "writable": []},
            {"model": "qd_saved_view", "verbs": ["list"], "rows": "all", "readable": "all", "writable": []}]);
        app.user("viewer", false, grants).await;
        let viewer = app.login("viewer").await;
        let page = open(&viewer, "/admin/book").await;
        let tabs = ["Told", "Plain"].map(|name| page.link(name).is_some());
        assert_eq!(tabs, [false, true], "{}", page.text());
        let page = open(&admin, "/admin/book").await;
        let tabs = ["Told", "Plain"].map(|name| page.link(name).is_some());
        assert_eq!(tabs, [true, true]);
    })
    .await;
}
