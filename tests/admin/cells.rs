//! One cell of a list changed in its place, and the builder of conditions, both step by step as a
//! browser without a script goes.

use quarterdeck::app::AppBuilder;
use serde_json::{Value, json};

use super::page::{Page, post, visit};
use crate::house::app::{Session, TestApp, on_each_app};

fn as_it_is(b: AppBuilder) -> AppBuilder {
    b
}

async fn open(session: &Session<'_>, path: &str) -> Page {
    let page = visit(session, path).await;
    assert_eq!(page.status(), 200, "{path}: {}", page.reply.text);
    page
}

async fn shop(app: &TestApp) {
    for (name, country) in [("Ada", "GB"), ("Bea", "FR"), ("Zoe", "GB")] {
        let slug = name.to_lowercase();
        let body = json!({"name": name, "slug": slug, "country": country});
        app.make("author", body).await;
    }
    for (i, (author, price)) in [(1, "10.00"), (2, "20.00"), (3, "30.00")]
        .iter()
        .enumerate()
    {
        let body = json!({"isbn": format!("978000000000{i}"), "title": format!("Book {i}"),
            "author_id": author, "price": price, "pages": 10 * (i + 1), "language": "en"});
        app.make("book", body).await;
    }
}

const CELL: &str = "/admin/book/1/_cell";

#[tokio::test]
async fn a_cell_is_pointed_at_another_record_that_was_searched_for() {
    on_each_app("a_cell_is_pointed_at_another", as_it_is, async |app| {
        shop(app).await;
        let admin = app.login("admin").await;
        let list = "/admin/book?fields=title,author_id&sort=id";
        let page = open(&admin, &format!("{list}&_edit=author_id:1")).await;
        let form = page.form(CELL);
        assert_eq!(form.value("author_id"), Some("1"));
        let search = form
            .with("_q.author_id", "Zoe")
            .and("_then", "find.author_id");
        let led = search.send(&admin).await;
        assert_eq!(led.status(), 303, "{}", led.reply.text);
        assert_eq!(
            led.location(),
            format!("{list}&_edit=author_id:1&_words=Zoe")
        );
        let page = open(&admin, led.location()).await;
        assert!(
            page.links().iter().all(|l| !l.contains("_words")),
            "{:?}",
            page.links()
        );
        let picked = page.form(CELL).with("_pick.author_id", "3");
        let done = picked.send(&admin).await;
        assert_eq!(
            (done.status(), done.location()),
            (303, list),
            "{}",
            done.reply.text
        );
        assert_eq!(admin.get("/api/v1/book/1").await.1["author_id"], 3);
        let part = visit(&admin, &format!("{CELL}?field=author_id")).await;
        let options = part.tags.iter().find_map(|t| t.get("data-options"));
        assert_eq!(options, Some("/admin/book/_options?field=author_id"));
    })
    .await;
}

#[tokio::test]
async fn a_wrong_price_is_mended_in_the_list() {
    on_each_app(
        "a_wrong_price_is_mended_in_the_list",
        as_it_is,
        async |app| {
            shop(app).await;
            let admin = app.login("admin").await;
            let list = "/admin/book?fields=title,price&sort=id&limit=2";
            let page = open(&admin, list).await;
            let pens = open(&admin, &page.link("Edit cells").expect("a switch")).await;
            let pens = pens.links();
            let all = pens.iter().filter(|l| l.contains("_edit="));
            assert_eq!(all.count(), 4, "{pens:?}");
            let pens: Vec<&String> = pens.iter().filter(|l| l.contains("_edit=price")).collect();
            let page = open(&admin, pens[0]).await;
            let form = page.form(CELL);
            assert_eq!(form.value("price"), Some("10.00"));
            let done = form.clone().with("price", "12.50").send(&admin).await;
            assert_eq!(done.status(), 303, "{}", done.reply.text);
            assert_eq!(done.location(), format!("{list}&_cells=1"));
            let price = async || admin.get("/api/v1/book/1").await.1["price"].clone();
            assert_eq!(price().await, "12.50");
            // What is no price is said where all of the record is.
            let page = open(&admin, pens[0]).await;
            let wrong = page.form(CELL).with("price", "cheap").send(&admin).await;
            assert_eq!(wrong.status(), 422, "{}", wrong.reply.text);
            assert_eq!(wrong.form("/admin/book/1").value("price"), Some("cheap"));
            // A form that is stale shows what it was, is, and was meant to be.
            let stale = form.with("price", "13.00").send(&admin).await;
            assert_eq!(stale.status(), 412, "{}", stale.reply.text);
            let text = stale.text();
            for price in ["10.00", "12.50", "13.00"] {
                assert!(
                    text.contains(price) || stale.reply.text.contains(price),
                    "{price}: {text}"
                );
            }
            assert_eq!(price().await, "12.50");
        },
    )
    .await;
}

#[tokio::test]
async fn a22_a_script_gets_the_form_and_the_cell_alone_and_nobody_a_closed_field() {
    on_each_app("a22_a_script_gets_the_form", as_it_is, async |app| {
        shop(app).await;
        let admin = app.login("admin").await;
        let part = open(&admin, &format!("{CELL}?field=price")).await;
        assert!(!part.reply.text.contains("<html"), "{}", part.reply.text);
        let form = part.form(CELL).with("price", "11.00");
        let mut request = admin.request(reqwest::Method::POST, CELL);
        request = request
            .header("hx-request", "true")
            .header("sec-fetch-site", "same-origin");
        let cell = super::page::whole(request.form(&form.fields)).await;
        assert_eq!(cell.status(), 200, "{}", cell.reply.text);
        assert_eq!(cell.text(), "11.00");
        let grants = json!([{"model": "book", "verbs": ["list", "read", "patch"], "rows": "all",
            "readable": ["title", "price", "pages"], "writable": ["pages"]}]);
        app.user("some", false, grants).await;
        let some = app.login("some").await;
        assert_eq!(
            open(&some, &format!("{CELL}?field=pages")).await.status(),
            200
        );
        for field in ["price", "author_id", "id", "zzzz"] {
            let page = visit(&some, &format!("{CELL}?field={field}")).await;
            assert_eq!(page.status(), 400, "{field}");
            let fields = [("_field", field), (field, "1")].map(|(n, v)| (n.into(), v.into()));
            assert_eq!(post(&some, CELL, &fields).await.status(), 400, "{field}");
        }
        // Only what may be changed has a pen.
        let page = open(
            &some,
            "/admin/book?fields=title,price,pages&_cells=1&limit=1",
        )
        .await;
        let pens: Vec<String> = page
            .links()
            .into_iter()
            .filter(|l| l.contains("_edit="))
            .collect();
        assert_eq!(pens.len(), 1, "{pens:?}");
        assert!(pens[0].contains("_edit=pages:1"), "{pens:?}");
    })
    .await;
}

const BUILD: &str = "/admin/book/_build";

/// Chooses a field for the condition that is being added, then says it.
async fn say(session: &Session<'_>, page: &Page, way: &[&str], values: &[(&str, &str)]) -> Page {
    let mut here = Page {
        reply: page.reply.clone(),
        tags: page.tags.clone(),
    };
    for step in way {
        let form = here.form(BUILD).and("_field", step);
        here = open(session, &form.address()).await;
    }
    let mut form = here.form(BUILD);
    for (name, value) in values {
        form = match form.value(name) {
            Some(_) => form.with(name, value),
            None => form.and(name, value),
        };
    }
    visit(session, &form.address()).await
}

fn titles(page: &Page) -> Vec<String> {
    page.column()
}

#[tokio::test]
async fn conditions_are_built_in_groups_and_over_relations() {
    on_each_app("conditions_are_built_in_groups", as_it_is, async |app| {
        shop(app).await;
        let admin = app.login("admin").await;
        let list = open(&admin, "/admin/book?sort=title&fields=title").await;
        let page = open(&admin, &list.link("Any other condition…").expect("a link")).await;
        // One of: the author is French, the price is between.
        let any = visit(&admin, &page.link("+ Any of").expect("a link")).await;
        assert_eq!(any.status(), 303);
        let page = open(&admin, any.location()).await;
        assert!(page.text().contains("Any of these"), "{}", page.text());
        // The first of these links is the group's, the last that of the whole list.
        let page = open(&admin, &page.link("+ Condition").expect("a link")).await;
        let way = ["author.", "author.country"];
        let said = say(&admin, &page, &way, &[("_op", "eq"), ("_value", "FR")]).await;
        assert_eq!(said.status(), 303, "{}", said.reply.text);
        let page = open(&admin, said.location()).await;
        let page = open(&admin, &page.link("+ Condition").expect("a link")).await;
        let between = [("_op", "between"), ("_value", "5"), ("_second", "15.5")];
        let said = say(&admin, &page, &["price"], &between).await;
        let page = open(&admin, said.location()).await;
        let to = page
            .link("Show 2 books")
            .unwrap_or_else(|| panic!("{}", page.text()));
        let found = open(&admin, &to).await;
        assert_eq!(titles(&found), ["Book 0", "Book 1"]);
        assert!(
            found
                .text()
                .contains("Author › Country is “FR” or Price is between 5 and 15.5"),
            "{}",
            found.text()
        );
        // The same by the API's address; and one of the two is changed, the other removed.
        let api = to.replacen("/admin/", "/api/v1/", 1);
        assert_eq!(
            admin.get(&api).await.1["data"].as_array().map(Vec::len),
            Some(2)
        );
        let edit = page.link("Author › Country is “FR”").expect("a link");
        let page = open(&admin, &edit).await;
        let form = page.form(BUILD);
        assert_eq!(
            (form.value("_op"), form.value("_value")),
            (Some("eq"), Some("FR"))
        );
        let changed = visit(&admin, &form.with("_op", "empty").address()).await;
        let page = open(&admin, changed.location()).await;
        assert!(
            page.text().contains("Author › Country is empty"),
            "{}",
            page.text()
        );
        let crosses: Vec<&str> = page
            .tags
            .iter()
            .filter(|t| t.name == "a" && t.text == "×")
            .filter_map(|t| t.get("href"))
            .collect();
        assert_eq!(crosses.len(), 3, "the group and its two");
        let less = visit(&admin, crosses[1]).await;
        let page = open(&admin, less.location()).await;
        assert!(page.link("Show 1 books").is_some(), "{}", page.text());
    })
    .await;
}

#[tokio::test]
async fn a_condition_that_cannot_be_is_said_and_a_hidden_field_is_none() {
    on_each_app(
        "a_condition_that_cannot_be_is_said",
        as_it_is,
        async |app| {
            shop(app).await;
            let admin = app.login("admin").await;
            let page = open(&admin, &format!("{BUILD}?_rest=&_do=add")).await;
            let wrong = say(&admin, &page, &["price"], &[("_op", "gt"), ("_value", "x")]).await;
            assert_eq!(wrong.status(), 400, "{}", wrong.reply.text);
            assert_eq!(wrong.form(BUILD).value("_value"), Some("x"));
            let grants = json!([{"model": "book", "verbs": ["list"], "rows": "all",
            "readable": ["title"], "writable": []}]);
            app.user("some", false, grants).await;
            let some = app.login("some").await;
            let offered = open(&some, &format!("{BUILD}?_rest=&_do=add")).await;
            let offered: Vec<String> = offered
                .tags
                .iter()
                .filter(|t| t.name == "button" && t.get("name") == Some("_field"))
                .filter_map(|t| t.get("value").map(ToOwned::to_owned))
                .collect();
            // A record is reached by its key, which is therefore never hidden.
            assert_eq!(offered, ["id", "title"]);
            let answers: Vec<(u16, usize)> = {
                let mut all = Vec::new();
                for field in ["price", "zzzzz", "author.name", "zzzzzz.name"] {
                    let page = visit(&some, &format!("{BUILD}?_rest=&_field={field}")).await;
                    let bare = page.reply.text.replace(field, "");
                    all.push((page.status(), bare.len()));
                }
                all
            };
            assert!(
                answers.iter().all(|(status, _)| *status == 400),
                "{answers:?}"
            );
            assert_eq!(answers[0], answers[1]);
            let none: Value = json!([]);
            app.user("nobody", false, none).await;
            let nobody = app.login("nobody").await;
            assert_eq!(visit(&nobody, BUILD).await.status(), 404);
        },
    )
    .await;
}
