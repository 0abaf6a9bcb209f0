//! Grants that overlap, over HTTP.

use serde_json::{Value, json};

use crate::house::app::{Session, on_each_app};

async fn fields(client: &Session<'_>, path: &str) -> Vec<String> {
    let (status, record) = client.get(path).await;
    assert_eq!(status, 200, "{path}: {record}");
    let open = record.as_object().expect("an object").iter();
    let open = open.filter(|(_, v)| !v.is_null());
    open.map(|(name, _)| name.clone()).collect()
}

/// One grant opens a field on some rows, another one a second field on others. Together they open both
/// on the rows of both, and neither on the rows of the other.
#[tokio::test]
async fn a22_r35_overlapping_grants_lend_each_other_neither_rows_nor_fields() {
    on_each_app(
        "a22_r35_overlapping_grants",
        |b| b,
        async |app| {
            let verbs = json!(["list", "read", "patch", "replace"]);
            let grant = |rows: Value, fields: Value| {
                json!({"model": "author", "verbs": verbs, "rows": rows,
                "readable": fields, "writable": fields})
            };
            let british = json!({"country": "GB"});
            let first = json!({"slug__in": ["both", "ada"]});
            let grants = json!([
                grant(british, json!(["name", "country"])),
                grant(first, json!(["biography"])),
            ]);
            app.user("tester", false, grants).await;
            let admin = app.login("admin").await;
            let tester = app.login("tester").await;
            let mut paths = Vec::new();
            // Of both grants, of the first alone, of the second alone, of none.
            for (slug, country) in [
                ("both", "GB"),
                ("grace", "GB"),
                ("ada", "FR"),
                ("none", "FR"),
            ] {
                let body = json!({"name": "Name", "slug": slug, "country": country,
                "biography": "Life", "born": "1900-01-01"});
                let made = app.make("author", body).await;
                paths.push(format!("/api/v1/author/{}", made["id"]));
            }
            assert_eq!(
                fields(&tester, &paths[0]).await,
                ["id", "name", "country", "biography"]
            );
            assert_eq!(fields(&tester, &paths[1]).await, ["id", "name", "country"]);
            assert_eq!(fields(&tester, &paths[2]).await, ["id", "biography"]);
            assert_eq!(tester.get(&paths[3]).await.0, 404);
            for (path, body, status) in [
                (0, json!({"name": "x", "biography": "x"}), 200),
                (1, json!({"name": "x"}), 200),
                (1, json!({"biography": "x"}), 422),
                (1, json!({"name": "y", "biography": "x"}), 422),
                (2, json!({"biography": "x"}), 200),
                (2, json!({"name": "x"}), 422),
                (2, json!({"country": "GB"}), 422),
                (3, json!({"biography": "x"}), 404),
                // A field of no grant is nobody's, whatever the row.
                (0, json!({"born": null}), 422),
            ] {
                let before = admin.get(&paths[path]).await;
                let (got, answer) = tester.send("PATCH", &paths[path], body.clone()).await;
                assert_eq!(got, status, "{path} {body}: {answer}");
                if status != 200 {
                    assert_eq!(admin.get(&paths[path]).await, before, "{path} {body}");
                }
            }
            // Nor does a condition on a field lead to rows on which it is closed.
            for (query, slugs) in [
                ("name__in=x,Name", vec![1, 2]),
                ("biography__in=x,Life", vec![1, 3]),
                ("name__in=x,Name&biography__in=x,Life", vec![1]),
                ("name__isnull=false", vec![1, 2]),
            ] {
                let (status, page) = tester.get(&format!("/api/v1/author?{query}&sort=id")).await;
                assert_eq!(status, 200, "{page}");
                let rows = page["data"].as_array().expect("records").iter();
                let ids: Vec<i64> = rows.map(|r| r["id"].as_i64().expect("a key")).collect();
                assert_eq!(ids, slugs, "{query}");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a41_the_next_role_has_nothing_of_one_that_was_deleted() {
    on_each_app(
        "a41_the_next_role",
        |b| b,
        async |app| {
            let grant = json!({"model": "author", "verbs": ["list"], "rows": "all",
            "readable": "all", "writable": []});
            let id = app.user("tester", false, json!([grant])).await;
            let admin = app.login("admin").await;
            let tester = app.login("tester").await;
            assert_eq!(tester.get("/api/v1/author").await.0, 200);
            let (_, role) = admin
                .get(&format!("/api/v1/qd_user_role?user_id={id}"))
                .await;
            let gone = role["data"][0]["role_id"].as_i64().expect("a key");
            let path = format!("/api/v1/qd_role/{gone}");
            assert_eq!(admin.send("DELETE", &path, Value::Null).await.0, 204);
            assert_eq!(tester.get("/api/v1/author").await.0, 404);
            // Its grants and its members went with it.
            for (model, field) in [("qd_grant", "role_id"), ("qd_user_role", "role_id")] {
                let (_, left) = admin.get(&format!("/api/v1/{model}?{field}={gone}")).await;
                assert_eq!(left["data"], json!([]), "{model}");
            }
            let (status, next) = admin
                .send("POST", "/api/v1/qd_role", json!({"name": "next"}))
                .await;
            assert_eq!(status, 201, "{next}");
            let next = next["id"].as_i64().expect("a key");
            assert!(next > gone, "{next} {gone}");
            assert_eq!(tester.get("/api/v1/author").await.0, 404);
        },
    )
    .await;
}
