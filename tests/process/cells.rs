//! Cells of a SQLite file that are not of their column's type: each cell has a type of its own, and
//! somebody else may have written it.

use sea_orm::ConnectionTrait as _;
use serde_json::json;

use super::storage::text;
use crate::house::app::Session;
use crate::house::tuned::{On, tuned};

/// The ids of a list read to its end, one row a page, and how the last page is read backwards.
async fn paged(admin: &Session<'_>, list: &str) -> (Vec<i64>, Vec<i64>) {
    let (mut forwards, mut backwards) = (Vec::new(), Vec::new());
    let mut path = format!("{list}&limit=1");
    for (way, ids) in [("next", &mut forwards), ("prev", &mut backwards)] {
        for _ in 0..20 {
            let (status, page) = admin.get(&path).await;
            assert_eq!(status, 200, "{path}: {page}");
            let rows = page["data"].as_array().expect("records");
            ids.extend(rows.iter().map(|r| r["id"].as_i64().expect("an id")));
            let back = &page["page"]["prev"];
            let on = &page["page"][way];
            let Some(cursor) = on.as_str().or_else(|| back.as_str()) else {
                break;
            };
            path = format!("{list}&limit=1&cursor={cursor}");
            if on.is_null() {
                break;
            }
        }
    }
    (forwards, backwards)
}

#[tokio::test]
async fn a87_a_list_sorted_by_text_that_is_not_utf8_ends_and_shows_every_row_once() {
    let name = "a87_a_list_sorted_by_text_that_is_not_utf8";
    tuned(
        name,
        On::Sqlite,
        |_| {},
        async |app| {
            let texts = [
                "'plain'", "CAST(X'61FF62' AS TEXT)", "CAST(X'61FF63' AS TEXT)", "CAST(X'61FF62' AS TEXT)",
                "CAST(X'80' AS TEXT)", "CAST(X'00' AS TEXT)", "X'FF00FF'", "X'706C61696E'", "''", "'\u{fffd}'",
            ];
            let db = app.app.engine.db().migrations();
            for (i, text) in texts.iter().enumerate() {
                let body = json!({"name": "n", "slug": format!("s{i}"), "country": "GB", "biography": "b"});
                app.make("author", body).await;
                let sql = format!("UPDATE author SET name = {text}, biography = {text} WHERE id = {}", i + 1);
                db.execute_unprepared(&sql).await.expect("an update");
                let book = json!({"isbn": format!("978000000000{i}"), "title": "Notes", "author_id": 1,
                    "price": "1.00", "pages": 10, "language": "en"});
                app.make("book", book).await;
            }
            // Numbers, too, are whatever somebody has put there.
            for (i, other) in ["1.5", "'ten'", "X'31'", "9e999", "10.25"].iter().enumerate() {
                let sql = format!("UPDATE book SET pages = {other}, price = {other}, rating = {other} WHERE id = {}", i + 1);
                db.execute_unprepared(&sql).await.expect("an update");
            }
            let admin = app.login("admin").await;
            for (model, field) in [
                ("author", "name"), ("author", "biography"), ("book", "pages"), ("book", "price"), ("book", "rating"),
            ] {
                for way in ["", "-"] {
                    let list = format!("/api/v1/{model}?fields=id&sort={way}{field}");
                    let (status, whole) = admin.get(&format!("{list}&limit=100")).await;
                    assert_eq!(status, 200, "{list}: {whole}");
                    let rows = whole["data"].as_array().expect("records");
                    let mut ids: Vec<i64> = rows.iter().map(|r| r["id"].as_i64().expect("an id")).collect();
                    assert_eq!(ids.len(), 10, "{list}");
                    let (forwards, backwards) = paged(&admin, &list).await;
                    assert_eq!(forwards, ids, "{list}");
                    ids.pop();
                    ids.reverse();
                    assert_eq!(backwards, ids, "{list} backwards");
                }
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a87_a_row_with_text_that_is_not_utf8_is_kept_as_it_is_and_the_refusal_says_why() {
    let name = "a87_a_row_with_text_that_is_not_utf8_is_kept";
    tuned(
        name,
        On::Sqlite,
        |_| {},
        async |app| {
            let body = json!({"name": "n", "slug": "s", "country": "GB", "biography": "b"});
            let db = app.app.engine.db().migrations();
            app.make("author", body.clone()).await;
            let admin = app.login("admin").await;
            for odd in ["CAST(X'61FF62' AS TEXT)", "X'61FF62'"] {
                let sql = format!("UPDATE author SET name = {odd}");
                db.execute_unprepared(&sql).await.expect("an update");
                for (method, body) in [
                    ("PATCH", json!({"biography": "other"})),
                    ("PATCH", json!({"name": "other"})),
                    ("PUT", body.clone()),
                    ("DELETE", json!({})),
                ] {
                    let (status, problem) = admin.send(method, "/api/v1/author/1", body).await;
                    assert_eq!(
                        (status, &problem["code"]),
                        (409, &json!("unreadable")),
                        "{method}: {problem}"
                    );
                }
                assert_eq!(
                    text(db, "SELECT hex(name) || biography FROM author").await,
                    "61FF62b"
                );
            }
            // As soon as it is mended, all is as ever.
            db.execute_unprepared("UPDATE author SET name = 'n'")
                .await
                .expect("an update");
            let body = json!({"biography": "other"});
            assert_eq!(admin.send("PATCH", "/api/v1/author/1", body).await.0, 200);
        },
    )
    .await;
}
