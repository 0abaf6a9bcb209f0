//! One list seen in many ways: its columns and its order, period by period, as a chart, and under the
//! names that users have saved.

use quarterdeck::app::AppBuilder;
use serde_json::json;

use super::page::{Page, visit};
use crate::house::app::{Session, TestApp, on_each_app};

fn as_it_is(b: AppBuilder) -> AppBuilder {
    b
}

async fn open(session: &Session<'_>, path: &str) -> Page {
    let page = visit(session, path).await;
    assert_eq!(page.status(), 200, "{path}: {}", page.reply.text);
    page
}

async fn authors(app: &TestApp) {
    for (i, (country, born)) in [
        ("GB", "1903-06-25"),
        ("GB", "1903-06-26"),
        ("PL", "1903-11-01"),
        ("PL", "1921-09-12"),
        ("FR", ""),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = json!({"name": format!("Author {i}"), "slug": format!("a-{i}"),
            "country": country});
        if !born.is_empty() {
            body["born"] = json!(born);
        }
        app.make("author", body).await;
    }
}

const LIST: &str = "/admin/author";

#[tokio::test]
async fn columns_and_several_keys_of_the_order_are_chosen_without_a_script() {
    on_each_app("columns_and_several_keys", as_it_is, async |app| {
        authors(app).await;
        let admin = app.login("admin").await;
        let page = open(&admin, "/admin/author?fields=name,country&limit=10").await;
        let action = "/admin/author/_arrange";
        let form = page.form(action);
        let shown: Vec<&str> = form
            .fields
            .iter()
            .filter(|(name, _)| name == "_show")
            .map(|(_, value)| value.as_str())
            .collect();
        assert_eq!(shown, ["name", "country"]);
        let up = visit(&admin, &form.clone().and("_up", "country").address()).await;
        assert_eq!(up.status(), 303);
        assert_eq!(
            up.location(),
            "/admin/author?limit=10&fields=country,name&_open=columns"
        );
        let page = open(&admin, up.location()).await;
        assert_eq!(page.rows()[0][..2], ["GB", "Author 0"]);
        let form = page.form(action).and("_descending", "0");
        let form = form.with("_sort", "country").and("_sort", "name");
        let sorted = visit(&admin, &form.address()).await;
        assert_eq!(
            sorted.location(),
            "/admin/author?limit=10&fields=country,name&sort=-country,name"
        );
        let page = open(&admin, sorted.location()).await;
        let names: Vec<String> = page.rows().into_iter().map(|row| row[1].clone()).collect();
        assert_eq!(
            names,
            ["Author 2", "Author 3", "Author 0", "Author 1", "Author 4"]
        );
        assert!(page.text().contains("▼ 1") || page.text().contains("▼1"));
    })
    .await;
}

#[tokio::test]
async fn r36_a_shared_view_tells_no_name_that_its_reader_does_not_see() {
    on_each_app("a_shared_view_tells_no_name", as_it_is, async |app| {
        authors(app).await;
        let grants = json!([
            {"model": "author", "verbs": ["list", "read"], "rows": "all",
             "readable": ["id", "name"], "writable": []},
            {"model": "qd_saved_view", "verbs": ["list", "read"], "rows": {"shared": true},
             "readable": "all", "writable": []}]);
        app.user("blind", false, grants).await;
        let admin = app.login("admin").await;
        let save = "/admin/author/_views";
        for (name, list) in [
            ("Filtered", "/admin/author?country=PL"),
            ("Sorted", "/admin/author?sort=-slug"),
            ("Chosen", "/admin/author?fields=name,born"),
            ("Open", "/admin/author?name__contains=Author"),
        ] {
            let form = open(&admin, list).await.form(save).with("name", name);
            let done = form.and("shared", "1").send(&admin).await;
            assert_eq!(done.status(), 303, "{}", done.reply.text);
        }
        let page = open(&app.login("blind").await, LIST).await;
        assert!(page.link("Open").is_some(), "{}", page.text());
        for hidden in ["Filtered", "Sorted", "Chosen", "country", "slug", "born"] {
            assert!(
                !page.reply.text.contains(hidden),
                "{hidden}: {}",
                page.reply.text
            );
        }
    })
    .await;
}

#[tokio::test]
async fn dates_are_walked_from_years_to_days() {
    on_each_app("dates_are_walked_from_years", as_it_is, async |app| {
        authors(app).await;
        let admin = app.login("admin").await;
        let page = open(&admin, "/admin/author?country__ne=FR&_by=born").await;
        let drill = page.text_of("nav", "class", "drill").expect("the walk");
        assert!(
            drill.contains("1903 3") && drill.contains("1921 1"),
            "{drill}"
        );
        let year = "/admin/author?country__ne=FR&_by=born&born__gte=1903-01-01&born__lt=1904-01-01";
        assert!(
            page.links().contains(&year.to_owned()),
            "{:?}",
            page.links()
        );
        let page = open(&admin, year).await;
        assert_eq!(page.rows().len(), 3);
        let drill = page.text_of("nav", "class", "drill").expect("the walk");
        assert!(
            drill.contains("1903-06 2") && drill.contains("1903-11 1"),
            "{drill}"
        );
        let month = page
            .links()
            .into_iter()
            .find(|l| l.contains("gte=1903-06-01"));
        let page = open(&admin, &month.expect("a month")).await;
        let drill = page.text_of("nav", "class", "drill").expect("the walk");
        assert!(drill.contains("1903-06-25 1"), "{drill}");
        let day = page
            .links()
            .into_iter()
            .find(|l| l.contains("gte=1903-06-26"));
        let page = open(&admin, &day.expect("a day")).await;
        assert_eq!(page.column(), ["Author 1"]);
        let back = page.link("1903").expect("the way back");
        assert_eq!(open(&admin, &back).await.rows().len(), 3);
        // A field without dates, and one that the caller may not see, are none.
        let grants = json!([{"model": "author", "verbs": ["list"], "rows": "all",
            "readable": ["name"], "writable": []}]);
        app.user("some", false, grants).await;
        let some = app.login("some").await;
        for (session, field) in [(&admin, "name"), (&some, "born"), (&some, "zzzz")] {
            let page = visit(session, &format!("{LIST}?_by={field}")).await;
            assert_eq!(page.status(), 400, "{field}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_list_is_drawn_as_a_chart_of_its_groups() {
    on_each_app("a_list_is_drawn_as_a_chart", as_it_is, async |app| {
        authors(app).await;
        for (i, (author, price)) in [(1, "10.50"), (1, "2000.00"), (3, "7.00")]
            .iter()
            .enumerate()
        {
            let body = json!({"isbn": format!("978000000000{i}"), "title": "T",
                "author_id": author, "price": price, "pages": 10, "language": "en"});
            app.make("book", body).await;
        }
        let admin = app.login("admin").await;
        let page = open(&admin, "/admin/author?country__ne=FR&limit=1&sort=name").await;
        let chart = page.link("Chart").expect("a link");
        assert_eq!(chart, "/admin/author/_chart?country__ne=FR");
        // Months of the first date, with those between that have nothing.
        let page = open(&admin, &chart).await;
        let rows = page.rows();
        assert_eq!(rows[0], ["1903-06", "2"], "{rows:?}");
        assert_eq!(rows[1], ["1903-07", "0"]);
        assert_eq!(rows.last().expect("a row"), &["1921-09", "1"]);
        assert_eq!(
            page.link("1903-06").as_deref(),
            Some("/admin/author?country__ne=FR&born__gte=1903-06-01&born__lt=1903-07-01")
        );
        assert!(page.reply.text.contains("<rect "));
        let form = page
            .form("/admin/author/_plot")
            .with("by", "group_by=country");
        let plotted = visit(&admin, &form.address()).await;
        assert_eq!(
            plotted.location(),
            "/admin/author/_chart?country__ne=FR&group_by=country&count=%2A"
        );
        let page = open(&admin, plotted.location()).await;
        let rows: Vec<Vec<String>> = page
            .rows()
            .into_iter()
            .map(|row| row[..2].to_vec())
            .collect();
        assert_eq!(rows, [["GB", "2"], ["PL", "2"]]);
        // The records that a group of a key stands for have their titles; sums their digits.
        let books = open(&admin, "/admin/book/_chart?group_by=author_id&sum=price").await;
        let rows: Vec<Vec<String>> = books
            .rows()
            .into_iter()
            .map(|row| row[..2].to_vec())
            .collect();
        assert_eq!(rows, [["Author 0", "2,010.50"], ["Author 2", "7.00"]]);
        let shown = books.text_of("pre", "id", "curl").expect("a command");
        assert!(
            shown.contains("/api/v1/book/_aggregate?group_by=author_id&sum=price"),
            "{shown}"
        );
        for wrong in [
            "group_by=zz",
            "sum=title",
            "group_by=language&count=*&sum=price",
            "x=1",
        ] {
            let page = visit(&admin, &format!("/admin/book/_chart?{wrong}")).await;
            assert_eq!(page.status(), 400, "{wrong}");
        }
    })
    .await;
}

#[tokio::test]
async fn a65_views_are_saved_for_oneself_or_for_all() {
    on_each_app("a65_views_are_saved", as_it_is, async |app| {
        authors(app).await;
        let grants = json!([
            {"model": "author", "verbs": ["list", "read"], "rows": "all", "readable": "all",
             "writable": []},
            {"model": "qd_saved_view", "verbs": ["list", "read"],
             "rows": {"or": [{"owner_id": "$user.id"}, {"shared": true}]},
             "readable": "all", "writable": "all"},
            {"model": "qd_saved_view", "verbs": ["create", "patch", "delete"],
             "rows": {"owner_id": "$user.id"}, "readable": "all", "writable": "all"}]);
        app.user("ada", false, grants.clone()).await;
        app.user("bob", false, grants).await;
        app.user(
            "eve",
            false,
            json!([{"model": "author", "verbs": ["list"], "rows": "all",
            "readable": "all", "writable": []}]),
        )
        .await;
        let (ada, bob) = (app.login("ada").await, app.login("bob").await);
        let save = "/admin/author/_views";
        let list = "/admin/author?country=PL&sort=-name";
        let page = open(&ada, list).await;
        let form = page.form(save);
        let done = form.clone().with("name", "Mine").send(&ada).await;
        assert_eq!(
            (done.status(), done.location()),
            (303, list),
            "{}",
            done.reply.text
        );
        let all = form
            .with("name", "Poles")
            .and("shared", "1")
            .send(&ada)
            .await;
        assert_eq!(all.status(), 303, "{}", all.reply.text);
        let page = open(&ada, LIST).await;
        assert_eq!(page.link("Mine").as_deref(), Some(list));
        assert!(page.text().contains("Poles"), "{}", page.text());
        let page = open(&bob, LIST).await;
        assert_eq!(page.link("Mine"), None);
        assert!(page.text().contains("Poles"), "{}", page.text());
        // Whoever saves under a name of their own has another list under it; bob's is bob's.
        let other = open(&bob, "/admin/author?country=GB").await.form(save);
        let mine = other.clone().with("name", "Poles").send(&bob).await;
        assert_eq!(mine.status(), 303, "{}", mine.reply.text);
        let again = open(&ada, "/admin/author?country=FR").await.form(save);
        let again = again.with("name", "Mine").send(&ada).await;
        assert_eq!(again.status(), 303, "{}", again.reply.text);
        let page = open(&ada, LIST).await;
        assert_eq!(
            page.link("Mine").as_deref(),
            Some("/admin/author?country=FR")
        );
        let admin = app.login("admin").await;
        let views = admin
            .get("/api/v1/qd_saved_view?sort=id&fields=name,query,shared")
            .await
            .1;
        assert_eq!(
            views["data"],
            json!([
            {"name": "Mine", "query": "country=FR", "shared": false},
            {"name": "Poles", "query": "country=PL&sort=-name", "shared": true},
            {"name": "Poles", "query": "country=GB", "shared": false}])
        );
        // Nobody saves in another's name, and nobody changes another's.
        let body = json!({"model": "author", "name": "x", "query": "", "shared": false,
            "owner_id": 1});
        assert_eq!(bob.send("POST", "/api/v1/qd_saved_view", body).await.0, 422);
        let change = json!({"name": "y"});
        assert_eq!(
            bob.send("PATCH", "/api/v1/qd_saved_view/2", change).await.0,
            404
        );
        // Who has no grant on them has no tabs, and no way to save.
        let eve = app.login("eve").await;
        let page = open(&eve, LIST).await;
        assert!(!page.text().contains("Poles") && !page.text().contains("Save view"));
        assert_eq!(super::page::post(&eve, save, &[]).await.status(), 404);
    })
    .await;
}

#[tokio::test]
async fn a_plain_list_costs_no_statement_for_its_tabs_once_they_are_known() {
    on_each_app("a_plain_list_costs_no_statement", as_it_is, async |app| {
        authors(app).await;
        let admin = app.login("admin").await;
        open(&admin, LIST).await;
        app.statements();
        open(&admin, LIST).await;
        let ran = app.statements();
        assert!(
            ran.iter().all(|sql| !sql.contains("qd_saved_view")),
            "{ran:?}"
        );
        let form = open(&admin, LIST).await.form("/admin/author/_views");
        form.with("name", "One").send(&admin).await;
        let page = open(&admin, LIST).await;
        assert!(page.link("One").is_some(), "{}", page.text());
    })
    .await;
}
