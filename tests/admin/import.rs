//! Importing a file step by step: send it, map its columns, see every fault, begin, undo.

use serde_json::json;

use super::export::ended;
use super::forms::{as_it_is, author, open};
use super::page::{Page, visit, whole};
use crate::house::app::{Session, grant_all, on_each_app};

const AT: &str = "/admin/author/_import";

/// Sends a file as the form of the first step does.
pub(super) async fn send(session: &Session<'_>, name: &str, text: &str) -> Page {
    let form = open(session, AT).await.form(AT);
    let token = form.token();
    let body = format!(
        "--zz\r\nContent-Disposition: form-data; name=\"_token\"\r\n\r\n{token}\r\n--zz\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: \
         text/csv\r\n\r\n{text}\r\n--zz--\r\n"
    );
    let request = session.request(reqwest::Method::POST, AT);
    let request = request
        .header("accept", "text/html")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "multipart/form-data; boundary=zz");
    whole(request.body(body)).await
}

/// How many authors there are.
async fn authors(session: &Session<'_>) -> serde_json::Value {
    session.get("/api/v1/author?count=exact").await.1["page"]["count"].clone()
}

#[tokio::test]
async fn a_file_is_mapped_checked_imported_and_undone() {
    on_each_app("a_file_is_mapped_checked_imported", as_it_is, async |app| {
        let admin = app.login("admin").await;
        let file = "NAME,Kürzel,country,rubbish\r\nAda,ada,GB,1\r\nGrace,grace,US,2\r\n";
        let sent = send(&admin, "authors.csv", file).await;
        assert_eq!(sent.status(), 303, "{}", sent.reply.text);
        let map = sent.location().to_owned();
        let page = open(&admin, &map).await;
        assert!(page.text().contains("Ada · Grace"), "{}", page.text());
        let form = page.form(&map);
        let said: Vec<&str> = (0..4)
            .map(|i| form.value(&format!("c{i}")).unwrap())
            .collect();
        assert_eq!(said, ["name", "", "country", ""]);
        let address = format!(
            "{map}?c0=name&c1=slug&c2=country&c3=&mode=create&keys=new&atomic=true&check=1"
        );
        let page = open(&admin, &address).await;
        assert!(
            page.text().contains("Every row is in order."),
            "{}",
            page.text()
        );
        assert_eq!(authors(&admin).await, 0, "a check");
        let begun = page.form(&map).send(&admin).await;
        assert_eq!(begun.status(), 303, "{}", begun.reply.text);
        let page = ended(&admin, begun.location()).await;
        assert!(
            page.text().contains("Records created: 2"),
            "{}",
            page.text()
        );
        assert_eq!(authors(&admin).await, 2);
        // Pressed twice, it happened once.
        let again = open(&admin, &address).await;
        assert!(
            again.text().contains("Not every row is in order."),
            "{}",
            again.text()
        );
        let to_list = page.links().into_iter().filter(|l| l == "/admin/author");
        assert_eq!(to_list.count(), 3, "the navigation has two of them");
        let links = page.links().into_iter();
        let undo = links.filter(|l| l.ends_with("/undo")).collect::<Vec<_>>();
        assert_eq!(undo.len(), 1, "{undo:?}");
        let done = open(&admin, &undo[0])
            .await
            .form(&undo[0])
            .send(&admin)
            .await;
        assert_eq!(done.status(), 303, "{}", done.reply.text);
        assert_eq!(authors(&admin).await, 0);
    })
    .await;
}

#[tokio::test]
async fn every_fault_of_a_file_is_shown_by_its_line_and_the_good_rows_can_go_in() {
    on_each_app("every_fault_of_a_file_is_shown", as_it_is, async |app| {
        author(app, "taken").await;
        let admin = app.login("admin").await;
        let file =
            "name,slug,country\r\nAda,taken,GB\r\nGrace,grace,much too long\r\nMary,mary,GB\r\n";
        let map = send(&admin, "a.csv", file).await.location().to_owned();
        let page = open(&admin, &format!("{map}?check=1")).await;
        let rows = page.rows();
        // What clashes with other records is told when every row can be read.
        let fault = [
            "Line 3, column \"country\"",
            "country can have at most 2 characters.",
        ];
        assert_eq!(rows[0], fault, "{rows:?}");
        let begun = page.form(&map).send(&admin).await;
        let page = ended(&admin, begun.location()).await;
        assert!(
            page.text().contains("Records created: 1"),
            "{}",
            page.text()
        );
        assert!(
            page.text().contains("Rows not written: 2"),
            "{}",
            page.text()
        );
        assert_eq!(authors(&admin).await, 2);
        for (query, status) in [("c0=nothing&check=1", 200), ("", 200)] {
            let page = visit(&admin, &format!("{map}?{query}")).await;
            assert_eq!(page.status(), status, "{}", page.reply.text);
        }
        let empty = send(&admin, "a.csv", "").await;
        assert_eq!(empty.status(), 422, "{}", empty.reply.text);
        let odd = send(&admin, "a.xlsx", "no workbook").await;
        let page = visit(&admin, odd.location()).await;
        assert_eq!(page.status(), 400, "{}", page.reply.text);
    })
    .await;
}

#[tokio::test]
async fn r35_r30_a_file_is_its_senders_and_no_other_form_sends_one() {
    on_each_app("r35_r30_a_file_is_its_senders", as_it_is, async |app| {
        let grant = grant_all("author", json!("all"));
        app.user("other", false, json!([grant])).await;
        let mut reads = grant_all("author", json!("all"));
        reads["verbs"] = json!(["list", "read"]);
        app.user("reader", false, json!([reads])).await;
        let (admin, other) = (app.login("admin").await, app.login("other").await);
        let map = send(&admin, "a.csv", "name,slug,country\r\nA,a,GB\r\n").await;
        let map = map.location().to_owned();
        assert_eq!(visit(&admin, &map).await.status(), 200);
        assert_eq!(visit(&other, &map).await.status(), 404);
        let book = map.replace("/author/", "/book/");
        assert_eq!(visit(&admin, &book).await.status(), 404);
        let reader = app.login("reader").await;
        for path in [AT, &map] {
            assert_eq!(visit(&reader, path).await.status(), 403, "{path}");
        }
        let request = admin.request(reqwest::Method::POST, AT);
        let request = request
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "multipart/form-data; boundary=zz");
        let body =
            "--zz\r\nContent-Disposition: form-data; name=\"_token\"\r\n\r\nwrong\r\n--zz--\r\n";
        let page = whole(request.body(body)).await;
        assert_eq!(page.status(), 403, "{}", page.reply.text);
    })
    .await;
}
