//! The trash: what is in it, out of it, and gone for good.

use serde_json::json;

use super::forms::{accepted, as_it_is, open};
use super::page::visit;
use crate::house::app::{Session, grant_all, on_each_app};

/// A note of the staff that is in the trash: its address.
async fn discarded(session: &Session<'_>, code: &str) -> String {
    let body = json!({"code": code, "body": "Remember", "created_at": "2026-01-02T03:04:05Z"});
    let (status, made) = session.send("POST", "/api/v1/staff_note", body).await;
    assert_eq!(status, 201, "{made}");
    let path = format!(
        "/api/v1/staff_note/{}",
        made["code"].as_str().unwrap_or(code)
    );
    let (status, answer) = session.send("DELETE", &path, json!(null)).await;
    assert_eq!(status, 204, "{answer}");
    path.replace("/api/v1/", "/admin/")
}

#[tokio::test]
async fn a_record_comes_back_from_the_trash_or_goes_for_good_after_a_question() {
    on_each_app(
        "a_record_comes_back_from_the_trash",
        as_it_is,
        async |app| {
            let admin = app.login("admin").await;
            let (one, two) = (
                discarded(&admin, "one").await,
                discarded(&admin, "two").await,
            );
            let page = open(&admin, "/admin/staff_note/_trash").await;
            let text = page.text();
            assert!(text.contains("one") && text.contains("two"), "{text}");
            assert!(text.contains("29 days left"), "{text}");
            let links = page.links();
            assert!(links.contains(&format!("{one}/restore")), "{links:?}");
            let question = open(&admin, &format!("{one}/restore")).await;
            let api = |path: &str| path.replace("/admin/", "/api/v1/");
            assert_eq!(admin.get(&api(&one)).await.0, 404, "a question");
            let history = open(&admin, &format!("{one}/history")).await;
            assert!(history.text().contains("This record is in the trash."));
            assert!(history.text().contains("Moved to the trash"));
            let links = history.links();
            assert!(links.contains(&format!("{one}/restore")), "{links:?}");
            // Its states are no way back from there.
            assert!(!links.iter().any(|l| l.contains("/revert")), "{links:?}");
            let (to, page) = accepted(&admin, &question.form(&format!("{one}/restore"))).await;
            assert_eq!(to, "/admin/staff_note/_trash?done=restored");
            assert!(
                page.text().contains("The record is back."),
                "{}",
                page.text()
            );
            assert_eq!(admin.get(&api(&one)).await.0, 200);
            let history = open(&admin, &format!("{one}/history")).await;
            assert!(history.text().contains("Restored"), "{}", history.text());
            // To what it was when it was made, but not to the trash.
            let ways = history.links().into_iter();
            assert_eq!(ways.filter(|l| l.contains("/revert")).count(), 1);
            let question = open(&admin, &format!("{two}/purge")).await;
            let (_, page) = accepted(&admin, &question.form(&format!("{two}/purge"))).await;
            assert!(
                page.text().contains("The trash is empty."),
                "{}",
                page.text()
            );
            for path in [
                format!("{two}/restore"),
                format!("{two}/purge"),
                format!("{one}/purge"),
            ] {
                assert_eq!(visit(&admin, &path).await.status(), 404, "{path}");
            }
            assert_eq!(visit(&admin, "/admin/author/_trash").await.status(), 404);
        },
    )
    .await;
}

#[tokio::test]
async fn r35_the_trash_is_of_those_who_may_delete() {
    on_each_app(
        "r35_the_trash_is_of_those_who_may_delete",
        as_it_is,
        async |app| {
            let admin = app.login("admin").await;
            let one = discarded(&admin, "one").await;
            let mut grant = grant_all("staff_note", json!("all"));
            grant["verbs"] = json!(["list", "read", "patch"]);
            app.user("reader", false, json!([grant])).await;
            app.user("other", false, json!([grant_all("author", json!("all"))]))
                .await;
            let (reader, other) = (app.login("reader").await, app.login("other").await);
            for path in [
                "/admin/staff_note/_trash",
                &format!("{one}/restore"),
                &format!("{one}/purge"),
            ] {
                assert_eq!(visit(&reader, path).await.status(), 403, "{path}");
                assert_eq!(visit(&other, path).await.status(), 404, "{path}");
            }
            let history = open(&reader, &format!("{one}/history")).await;
            assert!(
                !history.text().contains("in the trash"),
                "{}",
                history.text()
            );
            assert!(!history.links().contains(&format!("{one}/restore")));
        },
    )
    .await;
}
