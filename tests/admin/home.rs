//! The first page: the months of what has a timeline, what was changed last, and how the server fares,
//! each for those alone who may know.

use serde_json::json;

use super::page::{Page, visit};
use crate::house::app::{grant_all, on_each_app};

/// The table of the chart with this title.
fn table(page: &Page, title: &str) -> Option<Vec<(String, String)>> {
    let caption = |t: &super::page::Tag| t.name == "figcaption" && t.text.trim() == title;
    let begin = page.tags.iter().position(caption)?;
    let inside = page.tags[begin..]
        .iter()
        .take_while(|t| t.name != "/figure");
    let inside: Vec<_> = inside.filter(|t| !t.text.trim().is_empty()).collect();
    let rows = inside.windows(2).filter(|w| w[1].name == "td");
    let text = |t: &super::page::Tag| t.text.trim().to_owned();
    Some(rows.map(|w| (text(w[0]), text(w[1]))).collect())
}

#[tokio::test]
async fn the_first_page_draws_the_months_of_those_who_may_count_them() {
    on_each_app(
        "the_first_page_draws",
        |b| b,
        async |app| {
            let customer = app
                .make(
                    "customer",
                    json!({"id": "00000000-0000-4000-8000-000000000001", "name": "Ada", "email": "ada@example.org",
                "preferences": {}, "created_at": "2026-01-01T00:00:00Z"}),
                )
                .await;
            let now = chrono::Utc::now();
            let long_ago = now - chrono::Days::new(500);
            for at in [now, now, long_ago] {
                let order = json!({"customer_id": customer["id"], "status": "paid", "total": "1.00",
                "placed_at": at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)});
                app.make("order", order).await;
            }
            let all = json!([grant_all("order", json!("all"))]);
            app.user("seller", false, all).await;
            let blind = json!([{"model": "order", "verbs": ["list", "read"], "rows": "all",
            "readable": ["id", "total"], "writable": []}]);
            app.user("blind", false, blind).await;

            let admin = app.login("admin").await;
            for (user, drawn, fares) in [
                ("admin", true, true),
                ("seller", true, false),
                ("blind", false, false),
            ] {
                let session = app.login(user).await;
                let page = visit(&session, "/admin").await;
                assert_eq!(page.status(), 200, "{user}");
                let months = table(&page, "Orders by month");
                assert_eq!(months.is_some(), drawn, "{user}");
                if let Some(months) = months {
                    assert_eq!(months.len(), 12, "{months:?}");
                    let last = (now.format("%Y-%m").to_string(), "2".to_owned());
                    assert_eq!(months[11], last);
                    assert!(months[..11].iter().all(|(_, n)| n == "0"), "{months:?}");
                }
                assert_eq!(
                    table(&page, "Requests of the last hour").is_some(),
                    fares,
                    "{user}"
                );
                assert_eq!(page.text().contains("This server"), fares, "{user}");
                let (status, body) = session.get("/api/v1/_status").await;
                assert_eq!(status, if fares { 200 } else { 403 }, "{user}: {body}");
            }
            let (_, told) = admin.get("/api/v1/_status").await;
            let minutes = told["minutes"].as_array().expect("minutes");
            let requests: u64 = minutes.iter().filter_map(|m| m["requests"].as_u64()).sum();
            assert!(minutes.len() == 60 && requests >= 10, "{told}");
            assert_eq!(app.anonymous().get("/api/v1/_status").await.0, 401);
            app.make("author", json!({"name": "Grace", "slug": "grace", "country": "GB"})).await;
            let page = visit(&admin, "/admin").await;
            assert!(page.text().contains("Recent changes"), "{}", page.text());
            assert!(page.link("Grace").is_some(), "{}", page.text());
        },
    )
    .await;
}
