//! The history of a record, and the way back to one of its states.

use serde_json::json;

use super::forms::{accepted, as_it_is, author, open, stored};
use super::page::{Page, visit};
use crate::house::app::{Session, grant_all, on_each_app};

async fn patch(session: &Session<'_>, path: &str, body: serde_json::Value) {
    let path = path.replace("/admin/", "/api/v1/");
    let (status, answer) = session.send("PATCH", &path, body).await;
    assert_eq!(status, 200, "{answer}");
}

/// Where the entries of a history lead back to, newest first.
fn ways_back(page: &Page) -> Vec<String> {
    let links = page.links().into_iter();
    links.filter(|l| l.contains("/revert?to=")).collect()
}

#[tokio::test]
async fn a_history_shows_each_change_and_leads_back_to_each_state() {
    on_each_app("a_history_shows_each_change", as_it_is, async |app| {
        let (_, path) = author(app, "ada").await;
        let admin = app.login("admin").await;
        patch(&admin, &path, json!({"country": "FR"})).await;
        patch(&admin, &path, json!({"country": "DE", "name": "Ada L."})).await;
        let page = open(&admin, &format!("{path}/history")).await;
        let rows = page.rows();
        assert_eq!(rows[0], ["Name", "Ada", "Ada L."], "{rows:?}");
        assert_eq!(rows[1], ["Country", "FR", "DE"]);
        assert_eq!(rows[2], ["Country", "GB", "FR"]);
        assert!(
            page.text().contains("admin just now API"),
            "{}",
            page.text()
        );
        // Not to what it is already.
        let back = ways_back(&page);
        assert_eq!(back.len(), 2, "{back:?}");
        let question = open(&admin, &back[1]).await;
        assert_eq!(
            question.rows(),
            [["Name", "Ada L.", "Ada"], ["Country", "DE", "GB"]],
        );
        assert_eq!(stored(&admin, &path).await["country"], "DE", "a question");
        let form = question.form(&format!("{path}/revert"));
        let (to, _) = accepted(&admin, &form).await;
        assert_eq!(to, format!("{path}?saved=changed"));
        let now = stored(&admin, &path).await;
        assert_eq!(
            (&now["country"], &now["name"]),
            (&json!("GB"), &json!("Ada"))
        );
        // What was asked about is not what it is any more.
        let again = form.send(&admin).await;
        assert_eq!(again.status(), 412, "{}", again.reply.text);
        assert!(
            again.text().contains("Nothing would change"),
            "{}",
            again.text()
        );
    })
    .await;
}

#[tokio::test]
async fn a_deleted_record_comes_back_from_its_history() {
    on_each_app("a_deleted_record_comes_back", as_it_is, async |app| {
        let (_, path) = author(app, "ada").await;
        let admin = app.login("admin").await;
        let api = path.replace("/admin/", "/api/v1/");
        let (status, _) = admin.send("DELETE", &api, json!(null)).await;
        assert_eq!(status, 204);
        let page = open(&admin, &format!("{path}/history")).await;
        assert!(
            page.text().contains("not there any more"),
            "{}",
            page.text()
        );
        let back = ways_back(&page);
        let form = open(&admin, &back[0]).await.form(&format!("{path}/revert"));
        accepted(&admin, &form).await;
        assert_eq!(stored(&admin, &path).await["slug"], "ada");
        let page = visit(&admin, "/admin/author/99999/history").await;
        assert_eq!(page.status(), 404);
    })
    .await;
}

#[tokio::test]
async fn a_history_goes_on_over_pages_and_says_what_it_does_not_know() {
    on_each_app("a_history_goes_on_over_pages", as_it_is, async |app| {
        let (_, path) = author(app, "ada").await;
        let admin = app.login("admin").await;
        for i in 0..30 {
            patch(&admin, &path, json!({"name": format!("Ada {i}")})).await;
        }
        let first = open(&admin, &format!("{path}/history")).await;
        let older = open(&admin, &first.link("Older ›").expect("more")).await;
        assert_eq!(older.link("Older ›"), None);
        let names: Vec<String> = [&first, &older]
            .into_iter()
            .flat_map(Page::rows)
            .filter(|row| row[0] == "Name" && row[1] != "·")
            .map(|row| row[2].clone())
            .collect();
        assert_eq!(names.len(), 30, "{names:?}");
        assert!(
            names[0].contains("29") && names[29].contains('0'),
            "{names:?}"
        );
        let odd = visit(&admin, &format!("{path}/history?order=up")).await;
        assert_eq!(odd.status(), 400, "{}", odd.reply.text);
    })
    .await;
}

#[tokio::test]
async fn r39_a_caller_with_a_row_rule_is_told_names_alone_and_goes_back_to_nothing() {
    on_each_app("r39_a_caller_with_a_row_rule", as_it_is, async |app| {
        let (_, path) = author(app, "ada").await;
        let admin = app.login("admin").await;
        patch(&admin, &path, json!({"biography": "Hidden then"})).await;
        patch(&admin, &path, json!({"biography": "Shown now"})).await;
        let grant = grant_all("author", json!({"country": "GB"}));
        app.user("ruled", false, json!([grant])).await;
        let ruled = app.login("ruled").await;
        let page = open(&ruled, &format!("{path}/history")).await;
        assert!(page.text().contains("Biography"), "{}", page.text());
        assert!(!page.reply.text.contains("Hidden then"), "{}", page.text());
        assert!(ways_back(&page).is_empty());
        for set in ["1", "5"] {
            let page = visit(&ruled, &format!("{path}/revert?to={set}")).await;
            assert_eq!(page.status(), 403, "{}", page.text());
        }
    })
    .await;
}
