//! Child rows in the body of their record: one transaction, each held to its own rules, each fault at
//! its place.

use reqwest::Method;
use serde_json::{Value, json};

use crate::auth::number;
use crate::house::app::{Session, TestApp, on_each_app};

/// Two books and an order with a line of the first.
struct Shop {
    books: [i64; 2],
    order: i64,
    line: i64,
}

async fn shop(app: &TestApp, admin: &Session<'_>) -> Shop {
    let author = json!({"name": "Ada", "slug": "ada", "country": "GB"});
    let author = app.make("author", author).await["id"].clone();
    let mut books = [0; 2];
    for (i, id) in books.iter_mut().enumerate() {
        let book = json!({"isbn": format!("978000000000{i}"), "title": "Notes", "author_id": author,
            "price": "1.00", "pages": 10, "language": "en"});
        *id = app.make("book", book).await["id"].as_i64().expect("a key");
    }
    let customer = json!({"name": "Cy", "email": "cy@example.org", "preferences": {},
            "id": "0198f4a2-0000-7000-8000-000000000001", "created_at": "2026-01-01T00:00:00Z"});
    let customer = app.make("customer", customer).await["id"].clone();
    let order = json!({"customer_id": customer, "total": "1.00", "placed_at": "2026-07-01T22:30:00Z",
        "order_line": [{"book_id": books[0], "quantity": 2, "unit_price": "9.90"}]});
    let (status, made) = admin.send("POST", "/api/v1/order", order).await;
    assert_eq!(status, 201, "{made}");
    let order = made["id"].as_i64().expect("a key");
    let lines = lines(admin, order).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = lines[0]["id"].as_i64().expect("a key");
    Shop { books, order, line }
}

async fn lines(session: &Session<'_>, order: i64) -> Vec<Value> {
    let path = format!("/api/v1/order_line?order_id={order}&sort=id");
    let (status, page) = session.get(&path).await;
    assert_eq!(status, 200, "{page}");
    page["data"].as_array().expect("rows").clone()
}

async fn patch(session: &Session<'_>, order: i64, body: Value) -> (u16, Value) {
    session
        .send("PATCH", &format!("/api/v1/order/{order}"), body)
        .await
}

fn pointers(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().expect("faults").iter();
    errors
        .map(|e| {
            (
                e["pointer"].as_str().expect("a place"),
                e["code"].as_str().expect("a code"),
            )
        })
        .collect()
}

#[tokio::test]
async fn child_rows_are_added_changed_and_removed_in_one_write() {
    on_each_app("child_rows_are_written_in_one_write", |b| b, async |app| {
        let admin = app.login("admin").await;
        let Shop { books, order, line } = shop(app, &admin).await;
        let db = app.app.engine.db();
        let rows = "SELECT COUNT(*) FROM qd_audit WHERE model IN ('order', 'order_line')";
        assert_eq!(number(db, rows).await, 2);
        let sets = "SELECT COUNT(DISTINCT request_id) FROM qd_audit WHERE model IN ('order', 'order_line')";
        assert_eq!(number(db, sets).await, 1);
        let body = json!({"total": "5.00", "order_line": [
            {"_key": line, "quantity": 3},
            {"book_id": books[1], "unit_price": "1.10"},
        ]});
        let (status, changed) = patch(&admin, order, body).await;
        assert_eq!((status, &changed["total"]), (200, &json!("5.00")), "{changed}");
        let now = lines(&admin, order).await;
        let shown = now.iter().map(|l| (l["book_id"].as_i64(), l["quantity"].as_i64()));
        let wanted = [(Some(books[0]), Some(3)), (Some(books[1]), Some(1))];
        assert_eq!(shown.collect::<Vec<_>>(), wanted);
        // What is not named stays, under PUT too; what is removed makes room for the next.
        let (_, record) = admin.get(&format!("/api/v1/order/{order}")).await;
        let body = json!({"customer_id": record["customer_id"], "total": "7.00", "placed_at": record["placed_at"],
            "order_line": [{"_key": line.to_string(), "_delete": true},
                {"book_id": books[0], "unit_price": "2.00", "quantity": 9}]});
        let (status, put) = admin.send("PUT", &format!("/api/v1/order/{order}"), body).await;
        assert_eq!(status, 200, "{put}");
        let now = lines(&admin, order).await;
        let shown = now.iter().map(|l| l["quantity"].as_i64());
        assert_eq!(shown.collect::<Vec<_>>(), [Some(1), Some(9)]);
        // A dry run tells all of it, and does none.
        let body = json!({"order_line": [{"_key": now[0]["id"], "_delete": true}, {"_key": now[1]["id"], "quantity": 0}]});
        let request = admin.request(Method::PATCH, &format!("/api/v1/order/{order}"));
        let response = request.header("prefer", "dry-run").json(&body).send().await.expect("an answer");
        let tried: Value = response.json().await.expect("a document");
        assert_eq!(pointers(&json!({"errors": tried["violations"]})), [("/order_line/1/quantity", "out_of_range")], "{tried}");
        let body = json!({"order_line": [{"_key": now[0]["id"], "_delete": true}]});
        let request = admin.request(Method::PATCH, &format!("/api/v1/order/{order}"));
        let response = request.header("prefer", "dry-run").json(&body).send().await.expect("an answer");
        let tried: Value = response.json().await.expect("a document");
        assert_eq!((&tried["total"], &tried["changes"][0]["verb"]), (&json!(1), &json!("delete")), "{tried}");
        assert_eq!(lines(&admin, order).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_fault_of_a_child_row_is_named_at_its_place_and_nothing_is_written() {
    on_each_app("a_fault_of_a_child_row_is_named", |b| b, async |app| {
        let admin = app.login("admin").await;
        let Shop { books, order, line } = shop(app, &admin).await;
        let good = json!({"book_id": books[1], "unit_price": "1.00"});
        let before = (lines(&admin, order).await, admin.get(&format!("/api/v1/order/{order}")).await);
        let cases = [
            (json!({"order_line": [good, {"_key": line, "quantity": "x"}]}), 422, vec![("/order_line/1/quantity", "type")]),
            (json!({"total": "x", "order_line": [{"_key": line, "quantity": 0}]}), 422,
                vec![("/total", "type"), ("/order_line/0/quantity", "out_of_range")]),
            (json!({"order_line": [good, {}]}), 422,
                vec![("/order_line/1/book_id", "required"), ("/order_line/1/unit_price", "required")]),
            (json!({"order_line": [good, {"_key": 999, "quantity": 1}]}), 422, vec![("/order_line/1", "not_found")]),
            (json!({"order_line": [good, {"_key": "x", "_delete": true}]}), 422, vec![("/order_line/1", "not_found")]),
            (json!({"order_line": [good, {"book_id": books[0], "unit_price": "1.00"}]}), 409,
                vec![("/order_line/1/order_id", "unique"), ("/order_line/1/book_id", "unique")]),
            (json!({"order_line": [good, {"book_id": 999, "unit_price": "1.00"}]}), 409, vec![("/order_line/1/book_id", "")]),
            (json!({"order_line": [{"_key": line, "order_id": order}]}), 422, vec![("/order_line/0/order_id", "read_only")]),
            (json!({"order_line": [{"_delete": true}]}), 422, vec![("/order_line/0", "required")]),
            (json!({"order_line": [{"_key": true}]}), 422, vec![("/order_line/0/_key", "type")]),
            (json!({"order_line": {}}), 422, vec![("/order_line", "type")]),
            (json!({"order_line": [7]}), 422, vec![("/order_line/0", "type")]),
            (json!({"order_line": [{"_key": line, "zz": 1}]}), 422, vec![("/order_line/0/zz", "unknown_field")]),
            (json!({"order_line": vec![json!({}); 501]}), 422, vec![("/order_line", "too_many")]),
        ];
        for (body, wanted, places) in cases {
            let (status, problem) = patch(&admin, order, body).await;
            assert_eq!(status, wanted, "{problem}");
            let found = pointers(&problem);
            assert_eq!(found.len(), places.len(), "{problem}");
            for ((pointer, code), (at, of)) in found.into_iter().zip(places) {
                assert_eq!(pointer, at, "{problem}");
                assert!(of.is_empty() || code == of, "{problem}");
            }
        }
        // A row of another record is none of this one's.
        let (_, record) = admin.get(&format!("/api/v1/order/{order}")).await;
        let other = json!({"customer_id": record["customer_id"], "total": "1.00", "placed_at": record["placed_at"]});
        let other = app.make("order", other).await["id"].as_i64().expect("a key");
        for change in [json!({"_key": line, "quantity": 8}), json!({"_key": line, "_delete": true})] {
            let (status, problem) = patch(&admin, other, json!({"order_line": [change]})).await;
            assert_eq!((status, pointers(&problem)), (422, vec![("/order_line/0", "not_found")]));
        }
        let after = (lines(&admin, order).await, admin.get(&format!("/api/v1/order/{order}")).await);
        assert_eq!(after, before);
        // Only what was registered is written so.
        let (status, problem) = admin.send("PATCH", "/api/v1/author/1", json!({"book": []})).await;
        assert_eq!((status, pointers(&problem)), (422, vec![("/book", "unknown_field")]));
    })
    .await;
}

#[tokio::test]
async fn a_child_row_that_was_changed_meanwhile_is_refused_as_its_own_request_would_be() {
    on_each_app("a_child_row_that_was_changed_meanwhile", |b| b, async |app| {
        let admin = app.login("admin").await;
        let Shop { order, line, .. } = shop(app, &admin).await;
        let path = format!("/api/v1/order_line/{line}");
        let tag = async || {
            let response = admin.request(Method::GET, &path).send().await.expect("an answer");
            response.headers()["etag"].to_str().expect("a tag").to_owned()
        };
        let old = tag().await;
        assert_eq!(admin.send("PATCH", &path, json!({"quantity": 5})).await.0, 200);
        let body = |tag: &str| json!({"total": "8.00", "order_line": [{"_key": line, "_if_match": tag, "quantity": 6}]});
        let (status, problem) = patch(&admin, order, body(&old)).await;
        assert_eq!(status, 412, "{problem}");
        assert_eq!(pointers(&problem), [("/order_line/0", "precondition_failed")]);
        assert_eq!(problem["current"]["quantity"], 5, "{problem}");
        let (_, record) = admin.get(&format!("/api/v1/order/{order}")).await;
        assert_eq!(record["total"], "1.00");
        assert_eq!(patch(&admin, order, body(&tag().await)).await.0, 200);
        assert_eq!(lines(&admin, order).await[0]["quantity"], 6);
    })
    .await;
}

#[tokio::test]
async fn r27_a_child_row_needs_what_a_request_of_its_own_would_need() {
    on_each_app("a_child_row_needs_its_own_permissions", |b| b, async |app| {
        let admin = app.login("admin").await;
        let Shop { books, order, line } = shop(app, &admin).await;
        let all = json!(["list", "read", "create", "replace", "patch", "delete"]);
        let grant = |model: &str, verbs: Value, rows: Value, writable: Value| {
            json!({"model": model, "verbs": verbs, "rows": rows, "readable": "all", "writable": writable})
        };
        let of_orders = || grant("order", all.clone(), json!("all"), json!("all"));
        let books_too = grant("book", json!(["list", "read"]), json!("all"), json!([]));
        let changed = || json!({"order_line": [{"_key": line, "quantity": 7}]});
        let cases = [
            ("blind", json!([of_orders()]), changed(), 422, "/order_line", "unknown_field"),
            ("looker", json!([of_orders(), grant("order_line", json!(["list"]), json!("all"), json!([]))]),
                changed(), 403, "/order_line/0", "forbidden"),
            ("partly", json!([of_orders(), books_too, grant("order_line", all.clone(), json!("all"), json!(["quantity", "book_id", "unit_price"]))]),
                json!({"order_line": [{"book_id": books[1], "unit_price": "1.00"}]}), 422, "/order_line/0/order_id", "read_only"),
            ("ruled", json!([of_orders(), grant("order_line", all.clone(), json!({"quantity__gte": 5}), json!("all"))]),
                changed(), 422, "/order_line/0", "not_found"),
        ];
        for (name, grants, body, wanted, pointer, code) in cases {
            app.user(name, false, grants).await;
            let session = app.login(name).await;
            let (status, problem) = patch(&session, order, body).await;
            assert_eq!(status, wanted, "{name}: {problem}");
            assert_eq!(pointers(&problem), [(pointer, code)], "{name}: {problem}");
        }
        // A row may not leave what its writer may write.
        app.user("keeper", false, json!([of_orders(), grant("order_line", all, json!({"quantity__lt": 5}), json!("all"))])).await;
        let keeper = app.login("keeper").await;
        let (status, problem) = patch(&keeper, order, changed()).await;
        assert_eq!((status, pointers(&problem)), (403, vec![("/order_line/0", "row_rule")]), "{problem}");
        assert_eq!(lines(&admin, order).await[0]["quantity"], 2);
    })
    .await;
}
