//! What models are called, and what stands against a write, in the viewer's language; the API says it in
//! English.

use quarterdeck::admin::extra::ExtraPage;
use quarterdeck::app::AppBuilder;
use quarterdeck::page::viewer::Language;
use reqwest::Method;
use serde_json::json;

use super::forms::{as_it_is, author, book, open};
use super::page::{Form, Page, whole};
use crate::house::app::{Session, grant_all, on_each_app};

async fn see(session: &Session<'_>, path: &str) -> Page {
    let request = session.request(Method::GET, path);
    let request = request.header("accept", "text/html");
    whole(request.header("accept-language", "de")).await
}

async fn send(session: &Session<'_>, form: &Form) -> Page {
    let token = ("_token".to_owned(), form.token().to_owned());
    let fields: Vec<_> = std::iter::once(&token).chain(&form.fields).collect();
    let request = session.request(Method::POST, &form.action);
    let request = request
        .header("accept", "text/html")
        .header("accept-language", "de");
    whole(request.form(&fields)).await
}

#[tokio::test]
async fn the_faults_of_a_form_are_said_in_the_viewers_language() {
    on_each_app("faults_in_the_viewers_language", as_it_is, async |app| {
        author(app, "ada").await;
        let admin = app.login("admin").await;
        let new = "/admin/book/new";
        let form = see(&admin, new).await.form(new);
        let form = form
            .with("isbn", "12")
            .with("price", "-1")
            .with("pages", "many");
        let page = send(&admin, &form).await;
        assert_eq!(page.status(), 422, "{}", page.reply.text);
        for (field, said) in [
            ("title", "Titel fehlt."),
            ("author_id", "Autor fehlt."),
            ("isbn", "ISBN muss mindestens 10 Zeichen haben."),
            ("price", "Preis muss mindestens 0 sein."),
            ("pages", "Seiten muss eine ganze Zahl sein."),
        ] {
            let told = page.text_of("p", "id", &format!("e-{field}"));
            assert_eq!(told.as_deref().map(str::trim), Some(said), "{field}");
        }
        // A row that is not there, and a value that somebody else has.
        let form = page.form(new);
        let form = form
            .with("title", "Notes")
            .with("isbn", "9780000000001")
            .with("author_id", "77")
            .with("price", "1")
            .with("pages", "10")
            .with("language", "en");
        let page = send(&admin, &form).await;
        assert_eq!(page.status(), 409, "{}", page.text());
        let told = page.text_of("p", "id", "e-author_id").unwrap_or_default();
        assert!(
            told.contains("nennt einen Datensatz, der nicht da ist."),
            "{told}"
        );
        let new = "/admin/author/new";
        let form = see(&admin, new).await.form(new);
        let form = form
            .with("name", "Ada")
            .with("slug", "ada")
            .with("country", "GB");
        let page = send(&admin, &form).await;
        assert_eq!(page.status(), 409, "{}", page.text());
        let told = page.text_of("p", "id", "e-slug").unwrap_or_default();
        assert_eq!(
            told.trim(),
            "Ein anderer Datensatz hat schon diesen Wert: Kurzname."
        );
        // The operation says the same in English, whoever asks.
        let body = json!({"isbn": "12", "title": "Notes"});
        let request = admin.request(Method::POST, "/api/v1/book").json(&body);
        let answer = admin
            .execute(
                request
                    .header("accept-language", "de")
                    .build()
                    .expect("a request"),
            )
            .await;
        let told = answer.text().await.expect("a body");
        assert!(
            told.contains("isbn must have at least 10 characters."),
            "{told}"
        );
    })
    .await;
}

#[tokio::test]
async fn what_forbids_a_write_is_said_in_the_viewers_language() {
    on_each_app("obstacles_in_the_viewers_language", as_it_is, async |app| {
        let (id, path) = author(app, "ada").await;
        book(app, id).await;
        let admin = app.login("admin").await;
        let gone = see(&admin, "/admin/author/77").await;
        assert_eq!(gone.status(), 404);
        let nothing = "Hier ist nichts, was Sie sehen können.";
        assert!(gone.text().contains(nothing), "{}", gone.text());
        let odd = see(&admin, "/admin/author?zz=1").await;
        assert_eq!(odd.status(), 400);
        assert!(
            odd.text().contains("Hier unbekannt: Feld"),
            "{}",
            odd.text()
        );
        // Somebody else was faster.
        let form = see(&admin, &path).await.form(&path);
        let (status, _) = admin
            .send(
                "PATCH",
                &format!("/api/v1/author/{id}"),
                json!({"name": "Grace"}),
            )
            .await;
        assert_eq!(status, 200);
        let page = send(&admin, &form.with("name", "Countess")).await;
        assert_eq!(page.status(), 412);
        let since = "Der Datensatz wurde geändert, seit Sie ihn geöffnet haben.";
        assert!(page.text().contains(since), "{}", page.text());
        // Before many are deleted, and after it was refused.
        let many = format!("/admin/author/_many?_do=delete&_selected={id}");
        let page = see(&admin, &many).await;
        let protected = format!("#{id}: Andere Datensätze zeigen auf diesen.");
        assert!(page.text().contains(&protected), "{}", page.text());
        // An undo that came too late.
        let (_, sets) = admin.get("/api/v1/_changes?model=author&limit=1").await;
        let set = sets["data"][0]["change_set"].to_string();
        let now = json!({"name": "Hopper"});
        admin
            .send("PATCH", &format!("/api/v1/author/{id}"), now)
            .await;
        let page = see(&admin, &format!("/admin/_changes/{set}/undo")).await;
        assert!(
            page.text().contains("wurde seither geändert."),
            "{}",
            page.text()
        );
    })
    .await;
}

#[tokio::test]
async fn the_faults_of_a_file_are_said_in_the_viewers_language() {
    on_each_app("faults_of_a_file_in_german", as_it_is, async |app| {
        let admin = app.login("admin").await;
        open(&admin, "/admin/author").await;
        let file = "name,slug,country,born\r\nAda,ada,GB,1815-12-10\r\nBo,bo,GB,long ago\r\n";
        let sent = super::import::send(&admin, "authors.csv", file).await;
        let map = sent.location().to_owned();
        let address = format!(
            "{map}?c0=name&c1=slug&c2=country&c3=born&mode=create&keys=new&atomic=true&check=1"
        );
        let page = see(&admin, &address).await;
        assert_eq!(
            page.rows()[0],
            [
                "Zeile 3, Spalte \"born\"",
                "born muss ein Datum sein wie 2026-11-22."
            ],
            "{}",
            page.text()
        );
    })
    .await;
}

fn with_a_page(app: AppBuilder) -> AppBuilder {
    let page = ExtraPage::new("stock", "Stock", async |_| Ok("<p>12</p>".to_owned()));
    app.admin_page(page.group("Catalogue"))
        .translation(Language::German, "Stock\tLager\ncategory/Name\tBenennung")
}

#[tokio::test]
async fn models_and_all_that_is_theirs_have_names_in_the_viewers_language() {
    on_each_app("names_in_german", with_a_page, async |app| {
        let (id, _) = author(app, "ada").await;
        let book = book(app, id).await["id"].clone();
        let admin = app.login("admin").await;
        let list = see(&admin, "/admin/book").await;
        // The list, the navigation with the page of the project, its columns, also the computed one.
        for text in [
            "Katalog", "Bücher", "Lager", "Benutzer", "Titel", "Preis", "Je Seite",
        ] {
            assert!(list.text().contains(text), "{text}: {}", list.text());
        }
        for text in ["Catalogue", "Books", "Stock", "Title", "Price", "Per page"] {
            assert!(!list.text().contains(text), "{text}: {}", list.text());
        }
        // A form with its headings, its help and the way to an action.
        let record = see(&admin, &format!("/admin/book/{book}")).await;
        for text in [
            "Verkauf",
            "Was ein Laden wissen muss.",
            "In Euro, mit Steuer.",
            "Preis senken",
        ] {
            assert!(record.text().contains(text), "{text}: {}", record.text());
        }
        let asked = see(&admin, &record.link("Preis senken").expect("a link")).await;
        for text in [
            "Die neuen Preise gelten sofort.",
            "Um wie viel Prozent.",
            "Prozent",
        ] {
            assert!(asked.text().contains(text), "{text}: {}", asked.text());
        }
        // Words of one model go before those of all.
        let category = see(&admin, "/admin/category/new").await;
        assert!(category.text().contains("Benennung"), "{}", category.text());
        // Who asks in English has them as they were registered, and so has the API.
        let english = open(&admin, "/admin/book").await;
        assert!(english.text().contains("Per page"), "{}", english.text());
        let request = admin.request(Method::GET, "/api/v1/_models/book");
        let request = request.header("accept-language", "de");
        let answer = admin.execute(request.build().expect("a request")).await;
        let told = answer.text().await.expect("a body");
        assert!(told.contains("\"Books\""), "{told}");
    })
    .await;
}

/// The models of another language are the same models: what somebody may changes in all at once.
#[tokio::test]
async fn r39_rights_are_the_same_in_every_language() {
    on_each_app("rights_in_german", as_it_is, async |app| {
        author(app, "ada").await;
        app.user("clerk", false, json!([grant_all("author", json!("all"))]))
            .await;
        let clerk = app.login("clerk").await;
        let list = see(&clerk, "/admin/author").await;
        assert_eq!(list.status(), 200);
        assert!(list.text().contains("Autoren"), "{}", list.text());
        assert_eq!(see(&clerk, "/admin/book").await.status(), 404);
        let admin = app.login("admin").await;
        let (_, grants) = admin.get("/api/v1/qd_grant").await;
        let grant = &grants["data"][0]["id"];
        let (status, _) = admin
            .send("DELETE", &format!("/api/v1/qd_grant/{grant}"), json!(null))
            .await;
        assert_eq!(status, 204);
        assert_eq!(see(&clerk, "/admin/author").await.status(), 404);
    })
    .await;
}
