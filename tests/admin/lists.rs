//! The first page, and the lists: search, filters, order, pages, each followed as a link or a form.

use quarterdeck::app::AppBuilder;
use serde_json::json;

use super::page::{Form, Page, visit};
use crate::house::app::{Session, TestApp, grant_all, on_each_app};

fn as_it_is(b: AppBuilder) -> AppBuilder {
    b
}

/// Authors from `Author 001` on, every third of them Polish.
async fn authors(app: &TestApp, n: usize) {
    for i in 1..=n {
        let country = if i % 3 == 0 { "PL" } else { "GB" };
        let body = json!({"name": format!("Author {i:03}"), "slug": format!("author-{i:03}"),
            "country": country, "born": format!("19{:02}-01-01", i % 100)});
        app.make("author", body).await;
    }
}

async fn open(session: &Session<'_>, path: &str) -> Page {
    let page = visit(session, path).await;
    assert_eq!(page.status(), 200, "{path}: {}", page.reply.text);
    page
}

/// Sends a form of the method GET and goes where it leads.
pub(super) async fn sift(session: &Session<'_>, form: &Form) -> (String, Page) {
    let address = form.address();
    let sent = visit(session, &address).await;
    assert_eq!(sent.status(), 303, "{address}: {}", sent.reply.text);
    let to = sent.location().to_owned();
    let page = open(session, &to).await;
    (to, page)
}

#[tokio::test]
async fn the_first_page_shows_the_models_and_how_many_records_they_have() {
    on_each_app("the_first_page_shows_the_models", as_it_is, async |app| {
        authors(app, 3).await;
        let page = visit(&app.anonymous(), "/admin").await;
        assert_eq!(
            (page.status(), page.location()),
            (303, "/auth/login?next=%2Fadmin")
        );
        let admin = app.login("admin").await;
        let page = open(&admin, "/admin").await;
        let links = page.links();
        for model in app.app.engine.registry().models() {
            let list = match model.slug.as_str() {
                "qd_user" => "/admin/_users".to_owned(),
                "qd_role" => "/admin/_roles".to_owned(),
                "qd_audit" => "/admin/_audit".to_owned(),
                slug => format!("/admin/{slug}"),
            };
            assert!(links.contains(&list), "{list}");
            let new = list.replace("_roles", "qd_role");
            let new = links.contains(&format!("{new}/new"));
            let creates = model.verbs.contains(&quarterdeck::model::Verb::Create);
            assert_eq!(new, creates, "{list}");
        }
        assert!(page.text().contains("Authors 3 +"), "{}", page.text());
        let reader = json!([{"model": "author", "verbs": ["list"], "rows": {"country": "PL"},
            "readable": "all", "writable": []}]);
        app.user("reader", false, reader).await;
        let reader = app.login("reader").await;
        let page = open(&reader, "/admin").await;
        let text = page.text();
        assert!(
            text.contains("Authors 1") && !text.contains("Book"),
            "{text}"
        );
        let new = page.links().iter().any(|l| l.ends_with("/new"));
        assert!(!new, "{:?}", page.links());
        app.user("nobody", false, json!([])).await;
        let nobody = app.login("nobody").await;
        let text = open(&nobody, "/admin").await.text();
        assert!(text.contains("nothing here that you may see"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn whoever_is_not_logged_in_is_led_to_the_login_and_back() {
    on_each_app("whoever_is_not_logged_in", as_it_is, async |app| {
        authors(app, 1).await;
        let client = app.anonymous();
        let path = "/admin/author?q=Author&sort=-name";
        let page = visit(&client, path).await;
        assert_eq!(page.status(), 303);
        let login = open(&client, page.location()).await;
        let form = login.form("/auth/login");
        let form = form
            .with("username", "admin")
            .with("password", &crate::house::app::password("admin"));
        let done = form.send(&client).await;
        assert_eq!((done.status(), done.location()), (303, path));
        assert_eq!(open(&client, path).await.column(), ["Author 001"]);
        // And out again, by the button.
        let out = open(&client, "/admin").await.form("/auth/logout");
        assert_eq!(out.send(&client).await.status(), 303);
        assert_eq!(visit(&client, path).await.status(), 303);
        // A form that is sent after the session has ended is refused, not led away from its text.
        let gone = super::page::post(&client, "/admin/author/new", &[]).await;
        assert_eq!(gone.status(), 401);
        assert!(gone.text().contains("Log in"), "{}", gone.text());
    })
    .await;
}

#[tokio::test]
async fn a_list_is_searched_filtered_and_freed_of_its_conditions() {
    on_each_app("a_list_is_searched_filtered", as_it_is, async |app| {
        authors(app, 12).await;
        let admin = app.login("admin").await;
        let page = open(&admin, "/admin/author").await;
        assert_eq!(page.rows().len(), 12);
        assert!(page.text().contains("12 authors"), "{}", page.text());
        // The search box.
        let search = page.form("/admin/author/_filter").with("q", " 003 ");
        let (to, page) = sift(&admin, &search).await;
        assert_eq!(
            (to.as_str(), page.column()),
            ("/admin/author?q=003", vec!["Author 003".into()])
        );
        assert!(page.text().contains("Search “003”"), "{}", page.text());
        // A declared filter beside it; the search stays.
        let filter = nth_form(&page, 1).with("country__icontains", "p");
        let (to, page) = sift(&admin, &filter).await;
        assert_eq!(to, "/admin/author?q=003&country__icontains=p");
        assert_eq!(page.column(), ["Author 003"]);
        assert!(
            page.text().contains("Country contains “p”"),
            "{}",
            page.text()
        );
        // Any other condition.
        let build = page.link("Any other condition…").expect("a link");
        let page = open(&admin, &build).await;
        let page = open(&admin, &page.link("+ Condition").expect("a link")).await;
        let built = page.form("/admin/author/_build").and("_field", "born");
        let page = open(&admin, &built.address()).await;
        let form = page.form("/admin/author/_build");
        let form = form.with("_op", "gte").with("_value", "1950-01-01");
        let taken = visit(&admin, &form.address()).await;
        assert_eq!(taken.status(), 303, "{}", taken.reply.text);
        let page = open(&admin, taken.location()).await;
        let to = page.link("Show 0 authors").expect("the list");
        let page = open(&admin, &to).await;
        assert_eq!(
            to,
            "/admin/author?q=003&country__icontains=p&born__gte=1950-01-01"
        );
        assert!(
            page.rows().is_empty() && page.text().contains("Nothing matches"),
            "{to}"
        );
        // One condition after the other is taken away again.
        let crosses = page.tags.iter().filter(|t| t.name == "a" && t.text == "×");
        let without: Vec<&str> = crosses.filter_map(|t| t.get("href")).collect();
        assert_eq!(without.len(), 3, "{without:?}");
        let page = open(&admin, without[2]).await;
        assert_eq!(page.column(), ["Author 003"]);
        assert_eq!(
            open(&admin, &page.link("Remove all").expect("a link"))
                .await
                .rows()
                .len(),
            12
        );
        // What the API refuses is refused here, and leads back.
        for wrong in [
            "x=1",
            "name__zz=1",
            "limit=0",
            "limit=1000",
            "cursor=abc",
            "sort=x",
            "fields=x",
            "expand=x",
        ] {
            let page = visit(&admin, &format!("/admin/author?{wrong}")).await;
            assert_eq!(page.status(), 400, "{wrong}");
            assert_eq!(
                page.link("Show the whole list").as_deref(),
                Some("/admin/author"),
                "{wrong}"
            );
        }
    })
    .await;
}

/// The `n`th form that sifts this list.
pub(super) fn nth_form(page: &Page, n: usize) -> Form {
    let all = page
        .tags
        .iter()
        .enumerate()
        .filter(|(_, t)| t.name == "form" && t.get("method") == Some("get"));
    let (at, _) = all.clone().nth(n).expect("a form");
    let rest = Page {
        reply: page.reply.clone(),
        tags: page.tags[at..].to_vec(),
    };
    let action = rest.tags[0].get("action").expect("an action").to_owned();
    rest.form(&action)
}

#[tokio::test]
async fn a_foreign_key_is_filtered_by_the_record_that_it_points_at() {
    on_each_app("a_foreign_key_is_filtered", as_it_is, async |app| {
        authors(app, 1).await;
        for (i, name) in ["Old House", "New House", "Old Barn"].iter().enumerate() {
            let publisher = app.make("publisher", json!({"name": name})).await;
            let book = json!({"isbn": format!("978000000000{i}"), "title": format!("Book {i}"),
                "author_id": 1, "publisher_id": publisher["id"], "price": "1.00", "pages": 10,
                "language": "en"});
            app.make("book", book).await;
        }
        let admin = app.login("admin").await;
        let page = open(&admin, "/admin/book?sort=id").await;
        let picker = page.tags.iter().find(|t| t.get("data-options").is_some());
        let options = picker.and_then(|t| t.get("data-options"));
        assert_eq!(options, Some("/admin/book/_options?field=publisher_id"));
        // A script puts a key in.
        let form = nth_form(&page, 1);
        let chosen = form.clone().with("publisher_id", "2");
        let words = chosen.clone().with("_search.publisher_id", "house");
        let (to, page) = sift(&admin, &words).await;
        assert_eq!(to, "/admin/book?sort=id&publisher_id=2");
        assert_eq!(page.column(), ["Book 1"]);
        let text = page.text();
        assert!(text.contains("Publisher is New House"), "{text}");
        let picker = page.tags.iter().find(|t| t.get("data-options").is_some());
        assert_eq!(picker.and_then(|t| t.get("data-title")), Some("New House"));
        assert_eq!(
            sift(&admin, &nth_form(&page, 1)).await.0,
            to,
            "and it stays"
        );
        // Without one the words are a condition on what the record is called.
        let words = form.with("_search.publisher_id", " old ");
        let (to, page) = sift(&admin, &words).await;
        assert_eq!(to, "/admin/book?sort=id&publisher.name__icontains=old");
        assert_eq!(page.column(), ["Book 0", "Book 2"]);
        // Who does not see what it points at has the key, and no name of it.
        let grants = json!([{"model": "book", "verbs": ["list"], "rows": "all",
            "readable": "all", "writable": []}]);
        app.user("blind", false, grants.clone()).await;
        let blind = app.login("blind").await;
        let page = open(&blind, "/admin/book?publisher_id=2").await;
        assert_eq!(page.column(), ["Book 1"]);
        assert!(!page.reply.text.contains("New House"), "{}", page.text());
        assert!(!page.reply.text.contains("data-options"));
        let words = "/admin/book/_filter?_search.publisher_id=old";
        assert_eq!(visit(&blind, words).await.location(), "/admin/book");
        // Who may only list both can search.
        let mut both = grants;
        let publishers = json!({"model": "publisher", "verbs": ["list"], "rows": "all",
            "readable": "all", "writable": []});
        both.as_array_mut().expect("grants").push(publishers);
        app.user("lister", false, both).await;
        let lister = app.login("lister").await;
        let found = open(
            &lister,
            &format!("{}&q=barn", options.expect("the address")),
        )
        .await;
        assert!(found.text().contains("Old Barn"), "{}", found.reply.text);
    })
    .await;
}

#[tokio::test]
async fn a_list_is_sorted_by_its_headings_and_read_page_by_page() {
    on_each_app("a_list_is_sorted_by_its_headings", as_it_is, async |app| {
        authors(app, 60).await;
        let admin = app.login("admin").await;
        let page = open(&admin, "/admin/author?limit=25&country=GB").await;
        let ascending = heading(&page, "Name");
        assert_eq!(
            ascending,
            ("/admin/author?limit=25&country=GB&sort=name".into(), None)
        );
        let page = open(&admin, &ascending.0).await;
        let (descending, sorted) = heading(&page, "Name");
        assert_eq!(sorted.as_deref(), Some("ascending"));
        assert_eq!(page.column()[..2], ["Author 001", "Author 002"]);
        let mut page = open(&admin, &descending).await;
        assert_eq!(
            heading(&page, "Name"),
            (ascending.0, Some("descending".into()))
        );
        let (mut there, mut pages) = (Vec::new(), 1);
        there.extend(page.column());
        assert_eq!(page.link("‹ Previous"), None);
        let first = page.column();
        while let Some(next) = page.link("Next ›") {
            page = open(&admin, &next).await;
            there.extend(page.column());
            pages += 1;
        }
        let wanted: Vec<String> = (1..=60_usize)
            .rev()
            .filter(|i| i % 3 != 0)
            .map(|i| format!("Author {i:03}"))
            .collect();
        assert_eq!((there, pages), (wanted, 2));
        let back = open(&admin, &page.link("‹ Previous").expect("a link")).await;
        assert_eq!(back.column(), first);
        let start = open(&admin, &page.link("« First").expect("a link")).await;
        assert_eq!(start.column(), first);
        let fifty = open(&admin, &page.link("50").expect("a size")).await;
        assert_eq!(fifty.rows().len(), 40);
        let chosen = open(&admin, "/admin/author?fields=country,slug&limit=1").await;
        assert_eq!(chosen.rows()[0], ["GB", "author-001"]);
        assert_eq!(
            chosen.text().matches("Biography").count(),
            2,
            "only where columns and keys are chosen"
        );
    })
    .await;
}

/// Where a heading leads, and how the list is sorted by it.
fn heading(page: &Page, label: &str) -> (String, Option<String>) {
    let at = page
        .tags
        .iter()
        .position(|t| t.name == "a" && t.text == label && t.get("aria-current").is_none());
    let at = at.unwrap_or_else(|| panic!("no heading {label}"));
    let heading = &page.tags[at - 1];
    assert_eq!(heading.get("scope"), Some("col"), "{heading:?}");
    let href = page.tags[at].get("href").expect("a link").to_owned();
    (href, heading.get("aria-sort").map(ToOwned::to_owned))
}

#[tokio::test]
async fn a5_a_list_names_related_records_by_what_the_caller_may_read_of_them() {
    on_each_app("a5_a_list_names_related_records", as_it_is, async |app| {
        let author = json!({"name": "Ada Geheim", "slug": "ada", "country": "GB"});
        let author = app.make("author", author).await["id"].clone();
        let book = json!({"isbn": "9780000000001", "title": "Notes", "author_id": author,
            "price": "1.00", "pages": 10, "language": "en"});
        let book = app.make("book", book).await["id"].clone();
        let some = |readable: serde_json::Value| {
            json!([grant_all("book", json!("all")), {"model": "author", "verbs": ["list", "read"],
                "rows": "all", "readable": readable, "writable": []}])
        };
        app.user("all", false, some(json!("all"))).await;
        app.user("some", false, some(json!(["slug", "country"])))
            .await;
        let rule = json!([grant_all("book", json!("all")),
            {"model": "author", "verbs": ["list", "read"], "rows": {"country": "PL"},
             "readable": "all", "writable": []}]);
        app.user("none", false, rule).await;
        for (user, shown) in [("all", "Ada Geheim"), ("some", "#1"), ("none", "1")] {
            let session = app.login(user).await;
            for path in [
                "/admin/book",
                "/admin/book?expand=author",
                &format!("/admin/book/{book}"),
                &format!("/admin/book/{book}/delete"),
            ] {
                let page = open(&session, path).await;
                assert_eq!(
                    page.reply.text.contains("Geheim"),
                    user == "all" && !path.ends_with("delete"),
                    "{user} {path}"
                );
            }
            let row = open(&session, "/admin/book").await.rows().remove(0);
            assert!(row.contains(&shown.to_owned()), "{user}: {row:?}");
        }
        // The API's own word of it is the same (`display` of the model).
        let session = app.login("some").await;
        let (_, model) = session.get("/api/v1/_models/author").await;
        assert_eq!(model["display"], "{id}");
        let page = open(&session, &format!("/admin/author/{author}")).await;
        assert_eq!(page.text_of("h1", "dir", "auto").as_deref(), Some("#1"));
    })
    .await;
}
