//! Files in the form of a record, without a script.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use quarterdeck::config::Config;
use serde_json::json;

use super::forms::{as_it_is, author, book, open};
use super::page::{Form, Page};
use crate::house::app::{Session, TestApp, on_each_app};
use crate::house::tuned::{On, tuned};

/// Sends a form with files as a browser does: fields and (name, file name, bytes).
async fn upload(
    session: &Session<'_>,
    form: &Form,
    token: &str,
    files: &[(&str, &str, &[u8])],
) -> Page {
    let mut body = Vec::new();
    let token = ("_token".to_owned(), token.to_owned());
    for (name, value) in std::iter::once(&token).chain(&form.fields) {
        let head =
            format!("--zz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(head.as_bytes());
    }
    for (name, file, bytes) in files {
        let head = format!(
            "--zz\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
            Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--zz--\r\n");
    let request = session.request(reqwest::Method::POST, &form.action);
    let request = request
        .header("accept", "text/html")
        .header("content-type", "multipart/form-data; boundary=zz");
    super::page::whole(request.body(body)).await
}

#[tokio::test]
async fn r30_a_file_is_a_field_of_bytes_without_a_script() {
    on_each_app("a_file_is_a_field_of_bytes", as_it_is, async |app| {
        author(app, "ada").await;
        book(app, 1).await;
        let admin = app.login("admin").await;
        let new = "/admin/book_detail/new";
        let page = open(&admin, new).await;
        let sent_as = |page: &Page, action: &str| {
            let form = page
                .tags
                .iter()
                .find(|t| t.name == "form" && t.get("action") == Some(action));
            form.and_then(|t| t.get("enctype")).map(ToOwned::to_owned)
        };
        assert_eq!(sent_as(&page, new).as_deref(), Some("multipart/form-data"));
        let file = page.tags.iter().find(|t| t.get("type") == Some("file"));
        assert_eq!(file.and_then(|t| t.get("name")), Some("_file.cover"));
        let form = page.form(new).with("book_id", "1");
        let token = form.token().to_owned();
        let cover: &[(&str, &str, &[u8])] = &[("_file.cover", "c.bin", &[0, 13, 10, 255])];
        let stranger = upload(&admin, &form, "wrong", cover).await;
        assert_eq!(stranger.status(), 403, "{}", stranger.reply.text);
        let unknown = [("_file.zz", "c.bin", &[1_u8][..])];
        assert_eq!(upload(&admin, &form, &token, &unknown).await.status(), 400);
        let made = upload(&admin, &form, &token, cover).await;
        assert_eq!(made.status(), 303, "{}", made.reply.text);
        let (_, record) = admin.get("/api/v1/book_detail/1").await;
        assert_eq!(record["cover"], "AA0K/w==", "{record}");
        // No file leaves it as it is, another one takes its place; a fault loses none.
        let path = "/admin/book_detail/1";
        let form = open(&admin, path).await.form(path);
        let none = [("_file.cover", "", &[][..])];
        let same = upload(&admin, &form, &token, &none).await;
        assert_eq!(same.status(), 303, "{}", same.reply.text);
        assert_eq!(
            admin.get("/api/v1/book_detail/1").await.1["cover"],
            "AA0K/w=="
        );
        let form = open(&admin, path).await.form(path);
        let other = [("_file.cover", "d.bin", &b"new"[..])];
        let changed = upload(&admin, &form, &token, &other).await;
        assert_eq!(changed.status(), 303, "{}", changed.reply.text);
        assert_eq!(admin.get("/api/v1/book_detail/1").await.1["cover"], "bmV3");
        // A form without such a field is sent as before.
        let plain = open(&admin, "/admin/author/new").await;
        let kind = sent_as(&plain, "/admin/author/new");
        assert_eq!(kind.as_deref(), Some("application/x-www-form-urlencoded"));
    })
    .await;
}

/// A book with details that have this cover.
async fn covered(app: &TestApp, cover: &[u8]) {
    author(app, "ada").await;
    book(app, 1).await;
    let detail = json!({"book_id": 1, "cover": BASE64.encode(cover)});
    app.make("book_detail", detail).await;
}

/// The cover that is stored, as a number of bytes.
async fn cover(session: &Session<'_>) -> Option<usize> {
    let (_, record) = session.get("/api/v1/book_detail/1").await;
    let text = record["cover"].as_str()?;
    Some(BASE64.decode(text).expect("base64").len())
}

/// More than a page puts into a form, less than what a column of MariaDB holds.
const LARGE: usize = 60_000;

#[tokio::test]
async fn a_file_too_long_for_a_page_is_kept_replaced_and_removed_in_the_form() {
    on_each_app("a_file_too_long_for_a_page", as_it_is, async |app| {
        covered(app, &vec![7; LARGE]).await;
        let admin = app.login("admin").await;
        let path = "/admin/book_detail/1";
        let page = open(&admin, path).await;
        assert!(page.reply.text.len() < LARGE, "the file is in the page");
        let form = page.form(path).with("weight_g", "7.5");
        let token = form.token().to_owned();
        let kept = upload(&admin, &form, &token, &[("_file.cover", "", b"")]).await;
        assert_eq!(kept.status(), 303, "{}", kept.reply.text);
        assert_eq!(cover(&admin).await, Some(LARGE));
        let form = open(&admin, path).await.form(path);
        let other = vec![8; LARGE + 1];
        // A fault beside it loses neither the old nor the new one.
        let wrong = form.clone().with("weight_g", "heavy");
        let refused = upload(&admin, &wrong, &token, &[("_file.cover", "n.bin", &other)]).await;
        assert_eq!(refused.status(), 422, "{}", refused.status());
        assert_eq!(cover(&admin).await, Some(LARGE));
        let form = refused.form(path).with("weight_g", "8");
        let replaced = upload(&admin, &form, &token, &[]).await;
        assert_eq!(replaced.status(), 303, "{}", replaced.reply.text);
        assert_eq!(cover(&admin).await, Some(LARGE + 1));
        let page = open(&admin, path).await;
        let removes = page.tags.iter().find(|t| t.get("name") == Some("cover"));
        assert_eq!(removes.and_then(|t| t.get("type")), Some("checkbox"));
        let form = page.form(path).and("cover", "");
        let removed = upload(&admin, &form, &token, &[("_file.cover", "", b"")]).await;
        assert_eq!(removed.status(), 303, "{}", removed.reply.text);
        assert_eq!(cover(&admin).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_file_that_could_be_previewed_and_not_confirmed_is_refused_at_once() {
    let name = "a_file_that_could_be_previewed";
    let tune = |c: &mut Config| c.server.body_limit = 100_000;
    tuned(name, On::Each, tune, async |app| {
        covered(app, b"old").await;
        let admin = app.login("admin").await;
        let many = "/admin/book_detail/_many";
        let page = open(&admin, &format!("{many}?_do=edit&_selected=1")).await;
        let form = page.form(many).and("set.cover", "1");
        let token = form.token().to_owned();
        let too_large = vec![7; 80_000];
        let refused = upload(
            &admin,
            &form,
            &token,
            &[("_file.cover", "c.bin", &too_large)],
        )
        .await;
        assert_eq!(refused.status(), 422, "{}", refused.reply.text);
        let told = refused.text_of("p", "id", "e-cover").unwrap_or_default();
        assert!(
            told.contains("A change of many can have files of 7"),
            "{told}"
        );
        // What is just small enough goes all the way.
        let fits = vec![7; LARGE];
        let preview = upload(&admin, &form, &token, &[("_file.cover", "c.bin", &fits)]).await;
        assert_eq!(preview.status(), 200, "{}", preview.reply.text);
        let sent = preview.tags.iter().find(|t| t.get("action") == Some(many));
        let kind = sent.and_then(|t| t.get("enctype"));
        assert_eq!(kind, Some("multipart/form-data"));
        let done = upload(&admin, &preview.form(many), &token, &[]).await;
        assert_eq!(done.status(), 303, "{}", done.reply.text);
        assert_eq!(cover(&admin).await, Some(LARGE));
    })
    .await;
}
