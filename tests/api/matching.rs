//! `_bulk` by what matches a filter, or the conditions of a list.

use serde_json::json;

use super::bulk::{PATH, author, bulk, slugs};
use super::sample::call;
use crate::house::app::on_each_app;

#[tokio::test]
async fn what_matches_a_filter_is_changed_up_to_a_number() {
    on_each_app(
        "what_matches_a_filter_is_changed_up_to_a_number",
        |b| b,
        async |app| {
            for slug in ["a", "b", "c"] {
                app.make("author", author(slug)).await;
            }
            let admin = app.login("admin").await;
            let change = |max: u64| {
                json!({"verb": "patch", "where": {"slug__in": ["a", "b"]},
                   "data": {"country": "FR"}, "max_affected": max})
            };
            let refused = bulk(&admin, &change(1)).await;
            assert_eq!(
                (refused.status, &refused.json()["code"]),
                (409, &json!("too_many_affected"))
            );
            let done = bulk(&admin, &change(2)).await;
            assert_eq!(
                done.json(),
                json!({"matched": 2, "changed": 2}),
                "{}",
                done.text
            );
            let again = bulk(&admin, &change(2)).await;
            assert_eq!(
                again.json(),
                json!({"matched": 2, "changed": 0}),
                "{}",
                again.text
            );
            let french = admin.get("/api/v1/author?country=FR&count=exact").await.1;
            assert_eq!(french["page"]["count"], 2);
            let unbounded = json!({"verb": "delete", "where": {}});
            let refused = bulk(&admin, &unbounded).await;
            assert_eq!(
                refused.faults(),
                ["/max_affected required"],
                "{}",
                refused.text
            );
            let delete = json!({"verb": "delete", "where": {"slug__ne": "c"}, "max_affected": 9});
            let tried = call(
                &admin,
                ("POST", PATH),
                &[("prefer", "dry-run")],
                Some(&delete),
            )
            .await;
            assert_eq!(tried.json()["total"], 2, "{}", tried.text);
            assert_eq!(bulk(&admin, &delete).await.json()["matched"], 2);
            assert_eq!(slugs(app).await, ["c"]);
        },
    )
    .await;
}

#[tokio::test]
async fn the_conditions_of_a_list_say_what_is_changed() {
    on_each_app(
        "the_conditions_of_a_list_say_what_is_changed",
        |b| b,
        async |app| {
            for slug in ["aa", "ab", "cc"] {
                app.make("author", author(slug)).await;
            }
            let admin = app.login("admin").await;
            let delete = |of: &str| json!({"verb": "delete", "where": of, "max_affected": 9});
            for (bad, fault) in [
                ("nope=1", "unknown_field"),
                ("sort=slug", "unknown_parameter"),
                ("q=x", "too_short"),
                ("or=nope%3D1", "unknown_field"),
            ] {
                let refused = bulk(&admin, &delete(bad)).await;
                let wanted = format!("/where {fault}");
                assert_eq!(
                    (refused.status, refused.faults()),
                    (400, vec![wanted]),
                    "{bad}"
                );
            }
            let some = delete("or=slug%3Daa%26slug%3Dcc&slug__startswith=a");
            assert_eq!(bulk(&admin, &some).await.json()["matched"], 1);
            assert_eq!(slugs(app).await, ["ab", "cc"]);
            assert_eq!(bulk(&admin, &delete("q=cc")).await.json()["matched"], 1);
            assert_eq!(slugs(app).await, ["ab"]);
        },
    )
    .await;
}
