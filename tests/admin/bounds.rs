//! What no form writes: one of another site, another kind of body, a field or a row that is not open.

use serde_json::json;

use super::forms::{accepted, as_it_is, author, open, refused, stored};
use super::page::{post, visit, whole};
use crate::auth::number;
use crate::house::app::{grant_all, on_each_app};

#[tokio::test]
async fn r29_r31_no_form_of_another_site_and_no_other_kind_of_body_writes_anything() {
    on_each_app("r29_no_form_of_another_site", as_it_is, async |app| {
        let (_, path) = author(app, "ada").await;
        let admin = app.login("admin").await;
        let before = stored(&admin, &path).await;
        let own = format!("http://{}", app.address);
        let fields = [("name", "Mallory"), ("slug", "m"), ("country", "GB")];
        for to in ["/admin/author/new", &path, &format!("{path}/delete")] {
            for (name, value) in [
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-site", "same-site"),
                ("origin", "null"),
                ("origin", "http://evil.test"),
            ] {
                let request = admin.request(reqwest::Method::POST, to);
                let request = request.header(name, value).header("accept", "text/html");
                let page = whole(request.form(&fields)).await;
                assert_eq!(page.status(), 403, "{to} {name}: {value}");
                assert!(
                    page.text().contains("comes from another site"),
                    "{}",
                    page.text()
                );
            }
            for kind in [
                "text/plain",
                "application/json",
                "multipart/form-data; boundary=x",
                "",
            ] {
                let request = admin.request(reqwest::Method::POST, to);
                let request = request.header("origin", &own).header("content-type", kind);
                let page = whole(request.body("name=Mallory&slug=m&country=GB")).await;
                // A form with files, if it were one.
                let files = kind.starts_with("multipart") && !to.ends_with("/delete");
                let wanted = if files { 400 } else { 415 };
                assert_eq!(page.status(), wanted, "{to} {kind}: {}", page.reply.text);
            }
        }
        // Another method on the same address is not the form's.
        for method in ["PUT", "PATCH", "DELETE"] {
            let request = admin.request(method.parse().unwrap(), &path);
            assert_eq!(whole(request.form(&fields)).await.status(), 405, "{method}");
        }
        assert_eq!(stored(&admin, &path).await, before);
        assert_eq!(
            number(app.app.engine.db(), "SELECT COUNT(*) FROM author").await,
            1
        );
    })
    .await;
}

#[tokio::test]
async fn a22_a65_a_form_holds_the_fields_that_are_open_and_writes_only_those() {
    on_each_app("a22_a65_a_form_holds_the_fields", as_it_is, async |app| {
        let (_, path) = author(app, "ada").await;
        let grant = json!([{"model": "author", "verbs": ["read", "patch"], "rows": "all",
            "readable": ["name", "slug", "country"], "writable": ["country", "biography"]}]);
        app.user("tester", false, grant).await;
        app.user(
            "writer",
            false,
            json!([{"model": "author", "verbs": ["create", "patch"],
            "rows": "all", "readable": [], "writable": "all"}]),
        )
        .await;
        let admin = app.login("admin").await;
        let tester = app.login("tester").await;
        let page = open(&tester, &path).await;
        let form = page.form(&path);
        // Read and write: an input. Read alone: a text. Write alone: nothing that could be shown.
        let names: Vec<&str> = form.fields.iter().map(|(n, _)| n.as_str()).collect();
        assert_eq!(names, ["_if_match", "_zone", "country", "was.country"]);
        assert!(page.text().contains("Ada") && !page.text().contains("Biography"));
        accepted(&tester, &form.clone().with("country", "FR")).await;
        for name in ["name", "biography", "born", "zz"] {
            let page = form.clone().and(name, "x").send(&tester).await;
            assert_eq!(page.status(), 400, "{name}");
            assert!(
                page.text()
                    .contains(&format!("There is no field {name} in this form."))
            );
        }
        let record = stored(&admin, &path).await;
        assert_eq!(
            (&record["country"], &record["biography"]),
            (&json!("FR"), &json!("One\nTwo"))
        );
        // Who may write and not read gets no page that shows what is stored.
        let writer = app.login("writer").await;
        assert_eq!(visit(&writer, &path).await.status(), 403);
        let answer = post(&writer, &path, &[("name".into(), "x".into())]).await;
        assert_eq!(answer.status(), 403);
        assert!(!answer.reply.text.contains("Ada"), "{}", answer.reply.text);
        let grants = [grant_all("author", json!({"country": "FR"}))];
        app.user("french", false, json!(grants)).await;
        let french = app.login("french").await;
        // A record cannot be moved out of the rows of its rule, and the form says so (R39).
        let form = open(&french, &path).await.form(&path);
        refused(&french, &form.clone().with("country", "DE"), 403).await;
        let new = "/admin/author/new";
        let made = open(&french, new).await.form(new);
        let made = made
            .with("name", "x")
            .with("slug", "x")
            .with("country", "DE");
        refused(&french, &made, 403).await;
        assert_eq!(stored(&admin, &path).await["country"], "FR");
        assert_eq!(
            number(app.app.engine.db(), "SELECT COUNT(*) FROM author").await,
            1
        );
    })
    .await;
}
