//! The page of the audit: filters, pages, values, the chain.

use serde_json::json;

use super::forms::{as_it_is, open};
use super::page::visit;
use crate::auth::sql;
use crate::house::app::{grant_all, on_each_app};

#[tokio::test]
async fn the_audit_is_filtered_and_paged_by_its_address_and_its_chain_is_verified() {
    let name = "the_audit_is_filtered_and_paged_by_its_address_and_its_chain_is_verified";
    on_each_app(name, as_it_is, async |app| {
        let made = app
            .make(
                "author",
                json!({"name": "Ada", "slug": "ada", "country": "GB"}),
            )
            .await;
        let admin = app.login("admin").await;
        let path = format!("/api/v1/author/{}", made["id"]);
        assert_eq!(
            admin
                .send("PATCH", &path, json!({"name": "<b>Eve"}))
                .await
                .0,
            200
        );
        for n in 0..60 {
            let body = json!({"name": "x", "slug": format!("x{n}"), "country": "GB"});
            assert_eq!(admin.send("POST", "/api/v1/author", body).await.0, 201);
        }
        app.seal().await;
        let page = open(&admin, "/admin/_audit?model=author&username=admin").await;
        assert_eq!(page.rows().len(), 50);
        let next = page.link("Next ›").expect("a next page");
        assert_eq!(open(&admin, &next).await.rows().len(), 11);
        let form = page.form("/admin/_audit");
        assert_eq!(
            (form.value("model"), form.value("username")),
            (Some("author"), Some("admin"))
        );
        let form = form.with("verb", "patch");
        let page = open(&admin, &form.address()).await;
        assert_eq!(page.rows().len(), 1);
        assert!(
            page.text().contains("Ada") && page.text().contains("<b>Eve"),
            "{}",
            page.text()
        );
        assert!(
            page.links()
                .contains(&format!("/admin/author/{}", made["id"]))
        );
        for (query, rows) in [
            ("from=2001-01-01&to=2001-12-31", 0),
            ("from=2001-01-01&record_id=1&model=author", 2),
            ("door=admin", 0),
        ] {
            let page = open(&admin, &format!("/admin/_audit?{query}")).await;
            assert_eq!(page.rows().len(), rows, "{query}");
        }
        for query in ["from=yesterday", "nope=1"] {
            assert_eq!(
                visit(&admin, &format!("/admin/_audit?{query}"))
                    .await
                    .status(),
                400
            );
        }
        let page = open(&admin, "/admin/_audit?verify=1").await;
        assert!(page.text().contains("intact"), "{}", page.text());
        let (_, chain) = admin.get("/api/v1/_audit/chain").await;
        assert_eq!(chain["intact"], json!(true), "{chain}");
        let known = format!(
            "/api/v1/_audit/chain?head={}",
            chain["head"].as_str().unwrap()
        );
        assert_eq!(admin.get(&known).await.1["intact"], json!(true));
        let unknown = format!("/api/v1/_audit/chain?head={}", "0".repeat(64));
        assert_eq!(admin.get(&unknown).await.1["intact"], json!(false));
        assert_eq!(admin.get("/api/v1/_audit/chain?hed=1").await.0, 400);
    })
    .await;
}

#[tokio::test]
async fn d28_what_was_tampered_with_is_told_on_the_page() {
    let name = "d28_what_was_tampered_with_is_told_on_the_page";
    on_each_app(name, as_it_is, async |app| {
        app.make(
            "author",
            json!({"name": "Ada", "slug": "ada", "country": "GB"}),
        )
        .await;
        app.seal().await;
        let db = app.app.engine.db();
        let gone = "DELETE FROM qd_state WHERE name = 'audit_head'";
        sql(db, gone).await;
        let forged = "UPDATE qd_state SET value = 'nothing' WHERE name LIKE 'audit%'";
        sql(db, forged).await;
        let admin = app.login("admin").await;
        let page = open(&admin, "/admin/_audit?verify=1").await;
        assert!(page.text().contains("tampered with"), "{}", page.text());
        assert_eq!(
            admin.get("/api/v1/_audit/chain").await.1["intact"],
            json!(false)
        );
    })
    .await;
}

#[tokio::test]
async fn r35_only_who_sees_every_row_of_the_audit_verifies_it() {
    let name = "r35_only_who_sees_every_row_of_the_audit_verifies_it";
    on_each_app(name, as_it_is, async |app| {
        let list = |model: &str, rows| {
            let mut grant = grant_all(model, rows);
            grant["verbs"] = json!(["list"]);
            grant
        };
        let seals = list("qd_audit_seal", json!("all"));
        app.user("all", false, json!([list("qd_audit", json!("all")), seals]))
            .await;
        let own = list("qd_audit", json!({"user_id": "$user.id"}));
        app.user("some", false, json!([own, seals])).await;
        app.user("none", false, json!([])).await;
        for (name, status) in [("all", 200), ("some", 403), ("none", 404)] {
            let session = app.login(name).await;
            assert_eq!(
                session.get("/api/v1/_audit/chain").await.0,
                status,
                "{name}"
            );
        }
        assert_eq!(app.anonymous().get("/api/v1/_audit/chain").await.0, 401);
    })
    .await;
}
