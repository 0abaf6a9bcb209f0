//! What a project adds to the pages: actions on records, pages of its own, its name and its pieces.

use quarterdeck::admin::extra::{ExtraPage, Rule};
use quarterdeck::admin::look::{Made, Part, Slot};
use quarterdeck::app::AppBuilder;
use quarterdeck::model::Verb;
use serde_json::json;

use super::forms::{as_it_is, open};
use super::page::{Page, visit};
use crate::house::app::on_each_app;

#[tokio::test]
async fn an_action_asks_first_and_then_is_done() {
    on_each_app("an_action_asks_first", as_it_is, async |app| {
        let author = json!({"name": "Ada", "slug": "ada", "country": "GB"});
        let author = app.make("author", author).await["id"].clone();
        let book = json!({"isbn": "9780000000001", "title": "Notes", "author_id": author,
            "price": "10.00", "pages": 10, "language": "en"});
        let id = app.make("book", book).await["id"].clone();
        let admin = app.login("admin").await;
        let link = open(&admin, &format!("/admin/book/{id}"))
            .await
            .link("Lower the price");
        let page = open(&admin, &link.expect("a link")).await;
        assert!(
            page.text().contains("The new prices are in force at once."),
            "{}",
            page.text()
        );
        assert_eq!(page.link("Notes"), Some(format!("/admin/book/{id}")));
        let action = "/admin/book/_actions/discount";
        let form = page.form(action);
        let wrong = form.clone().with("percent", "95").send(&admin).await;
        assert_eq!(wrong.status(), 422, "{}", wrong.text());
        assert!(
            wrong.links().contains(&"#f-percent".to_owned()),
            "{}",
            wrong.text()
        );
        let done = wrong.form(action).with("percent", "10").send(&admin).await;
        assert_eq!(
            (done.status(), done.location()),
            (303, format!("{action}/done?affected=1").as_str())
        );
        assert!(
            open(&admin, done.location())
                .await
                .text()
                .contains("Done. Records: 1.")
        );
        let (_, record) = admin.get(&format!("/api/v1/book/{id}")).await;
        assert_eq!(record["price"], "9.00");
        // A list sends the keys of what is selected, and is asked first too.
        let fields = [("ids".to_owned(), id.to_string())];
        let asked = super::page::post(&admin, action, &fields).await;
        assert_eq!(
            (asked.status(), asked.form(action).value("_run")),
            (200, Some("1"))
        );
        for (path, status) in [
            (action.to_owned(), 400),
            (format!("{action}?ids=999"), 404),
            (format!("{action}?ids={id}&zz=1"), 400),
            ("/admin/book/_actions/zz?ids=1".to_owned(), 404),
            (format!("{action}/done?affected=x"), 400),
        ] {
            assert_eq!(visit(&admin, &path).await.status(), status, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn a22_an_action_is_done_to_all_that_match_and_no_more_than_were_asked_about() {
    on_each_app("an_action_is_done_to_all_that_match", as_it_is, async |app| {
        let author = json!({"name": "Ada", "slug": "ada", "country": "GB"});
        let author = app.make("author", author).await["id"].clone();
        let book = |n: u32, language: &str| {
            json!({"isbn": format!("978000000000{n}"), "title": format!("Book {n}"), "author_id": author,
                "price": "10.00", "pages": 10, "language": language})
        };
        for (n, language) in [(1, "en"), (2, "de"), (3, "en")] {
            app.make("book", book(n, language)).await;
        }
        let admin = app.login("admin").await;
        let list = open(&admin, "/admin/book?language=en&limit=1&sort=-id").await;
        let form = list.form("/admin/book/_many");
        let form = form.and("_all", "1").and("_do", "action:discount");
        let led = visit(&admin, &form.address()).await;
        assert_eq!(led.status(), 303, "{}", led.text());
        let page = open(&admin, led.location()).await;
        assert!(page.text().contains("Records 2 "), "{}", page.text());
        let named = ["Book 1", "Book 2", "Book 3"].map(|title| page.link(title).is_some());
        assert_eq!(named, [true, false, true], "{}", page.text());
        let action = "/admin/book/_actions/discount";
        let filled = page.form(action).with("percent", "10");
        // One more has come meanwhile: it is asked again, and what was filled in stays.
        app.make("book", book(4, "en")).await;
        let again = filled.send(&admin).await;
        assert_eq!(again.status(), 409, "{}", again.text());
        assert!(again.text().contains("Records 3 "), "{}", again.text());
        let form = again.form(action);
        let done = form.send(&admin).await;
        assert_eq!(done.status(), 303, "{}", done.text());
        let twice = form.send(&admin).await;
        assert_eq!(twice.location(), done.location(), "and nothing is done again");
        let told = open(&admin, done.location()).await;
        assert!(told.text().contains("Done. Records: 3."), "{}", told.text());
        let back = "/admin/book?language=en&limit=1&sort=-id".to_owned();
        assert!(told.links().contains(&back), "{:?}", told.links());
        let (_, page) = admin.get("/api/v1/book?sort=id&fields=price").await;
        let rows = page["data"].as_array().expect("rows").iter();
        let prices: Vec<&str> = rows.filter_map(|b| b["price"].as_str()).collect();
        assert_eq!(prices, ["9.00", "10.00", "9.00", "9.00"]);
        let none = format!("{action}?_all=1&_rest=language%3Dxx");
        let none = open(&admin, &none).await;
        assert!(none.text().contains("Records 0"), "{}", none.text());
        let buttons = none.tags.iter().filter(|t| t.get("type") == Some("submit") && t.text == "Lower the price");
        assert_eq!(buttons.count(), 0, "nothing to do");
        for bad in ["nope%3D1", "trash%3Donly"] {
            let bad = format!("{action}?_all=1&_rest={bad}");
            assert_eq!(visit(&admin, &bad).await.status(), 400, "{bad}");
        }
    })
    .await;
}

fn dressed(b: AppBuilder) -> AppBuilder {
    let report = |name: &str, rule| {
        ExtraPage::new(name, "Report", async |call| {
            Ok(format!("<p>asked by {}</p>", call.ctx.principal.name()))
        })
        .rule(rule)
        .group("Reports")
    };
    b.admin_page(report("mine", Rule::Login))
        .admin_page(report("ours", Rule::Superuser))
        .admin_page(report("books", Rule::May(Verb::List, "book".into())))
        .admin_look(|look| {
            look.brand("Acme & Co")
                .css(":root { --accent: #123456; }")
                .slot(Slot::Footer, |place| format!("<p>at {}</p>", place.path))
                .slot(Slot::Home, |place| format!("<p>hello {}</p>", place.user))
        })
}

#[tokio::test]
async fn r27_pages_of_the_project_are_there_for_who_may_open_them() {
    on_each_app("pages_of_the_project", dressed, async |app| {
        let grant = json!([{"model": "book", "verbs": ["list"], "rows": "all", "readable": "all", "writable": []}]);
        app.user("clerk", false, grant).await;
        app.user("nobody", false, json!([])).await;
        for (name, wanted) in [
            ("admin", [200, 200, 200]),
            ("clerk", [200, 404, 200]),
            ("nobody", [200, 404, 404]),
        ] {
            let session = app.login(name).await;
            let pages = ["mine", "ours", "books"].map(|p| format!("/admin/_pages/{p}"));
            let mut found = Vec::new();
            for path in &pages {
                let page = visit(&session, path).await;
                if page.status() == 200 {
                    assert!(page.text().contains(&format!("asked by {name}")), "{path}");
                }
                found.push(page.status());
            }
            assert_eq!(found, wanted, "{name}");
            let home = open(&session, "/admin").await;
            let linked = pages.iter().map(|p| home.links().contains(p));
            assert_eq!(linked.collect::<Vec<_>>(), wanted.map(|s| s == 200), "{name}");
        }
        let anonymous = app.anonymous();
        assert_eq!(visit(&anonymous, "/admin/_pages/mine").await.status(), 303);
    })
    .await;
}

#[tokio::test]
async fn the_project_has_its_name_its_colours_and_its_pieces_on_the_pages() {
    on_each_app("the_project_has_its_name", dressed, async |app| {
        let admin = app.login("admin").await;
        let page = open(&admin, "/admin").await;
        assert!(page.text().contains("hello admin"), "{}", page.text());
        assert!(page.text().contains("Acme & Co"), "{}", page.text());
        assert!(page.text().contains("at /admin"), "{}", page.text());
        let styles = page.tags.iter().filter(|t| t.name == "link");
        let styles: Vec<&str> = styles.filter_map(|t| t.get("href")).collect();
        let own = styles.iter().find(|s| s.starts_with("/admin/_style?v="));
        let style = visit(&admin, own.expect("the project's style")).await;
        assert_eq!(
            style.reply.header("content-type"),
            "text/css; charset=utf-8"
        );
        assert_eq!(style.reply.text, ":root { --accent: #123456; }");
        // Without any of it the pages are ours.
    })
    .await;
}

fn rewritten(b: AppBuilder) -> AppBuilder {
    let within = |part: Part| {
        move |made: &Made<'_>| {
            let Made { place, model, .. } = made;
            let text = format!("{part:?} of /{model} for {}", place.user);
            Some(format!("<div><p>{text}</p>{}</div>", made.html))
        }
    };
    b.admin_look(|look| {
        [
            Part::Head,
            Part::Table,
            Part::Form,
            Part::Related,
            Part::Navigation,
        ]
        .into_iter()
        .fold(look, |look, part| look.replace(part, within(part)))
        .replace(Part::Field, |made| {
            let name = made.model == "author" && made.field == "name";
            name.then(|| {
                let value = made.value.replace('<', "&lt;");
                format!("<label>Pen name<input name=\"name\" value=\"{value}\"></label>")
            })
        })
        .replace(Part::Field, |made| {
            let name = made.html.contains("Pen name");
            name.then(|| format!("{}<p>as on the cover</p>", made.html))
        })
    })
}

#[tokio::test]
async fn a_project_makes_parts_of_the_pages_in_its_own_way() {
    on_each_app("a_project_makes_parts", rewritten, async |app| {
        let (id, _) = super::forms::author(app, "ada").await;
        let admin = app.login("admin").await;
        let said = |page: &Page, part: &str, model: &str| {
            page.text()
                .matches(&format!("{part} of /{model} for admin"))
                .count()
        };
        let list = open(&admin, "/admin/author").await;
        let found = ["Head", "Table", "Form"].map(|part| said(&list, part, "author"));
        assert_eq!(found, [1, 1, 0], "{}", list.text());
        // One for narrow windows, one for wide.
        assert_eq!(said(&list, "Navigation", "author"), 2);
        assert_eq!(list.column(), ["Ada"], "and ours is in it");
        let home = open(&admin, "/admin").await;
        assert_eq!(said(&home, "Navigation", ""), 2, "{}", home.text());
        let path = format!("/admin/author/{id}");
        let page = open(&admin, &path).await;
        let found = ["Head", "Form", "Related"].map(|part| said(&page, part, "author"));
        assert_eq!(found, [1, 1, 1], "{}", page.text());
        let text = page.text();
        assert!(
            text.contains("Pen name") && text.contains("as on the cover"),
            "{text}"
        );
        // What the project's own control sends is saved as ours is.
        let done = page.form(&path).with("name", "Ada <3").send(&admin).await;
        assert_eq!(done.status(), 303, "{}", done.text());
        let stored = super::forms::stored(&admin, &path).await;
        assert_eq!(stored["name"], "Ada <3");
        let again = open(&admin, &path).await;
        let name = again
            .form(&path)
            .fields
            .into_iter()
            .find(|(n, _)| n == "name");
        assert_eq!(name.expect("the field").1, "Ada <3");
        let other = open(&admin, "/admin/publisher/new").await;
        assert_eq!(said(&other, "Form", "publisher"), 1);
        assert!(!other.text().contains("Pen name"), "{}", other.text());
    })
    .await;
}
