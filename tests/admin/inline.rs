//! Child rows in the form of the record that they belong to.

use serde_json::json;

use super::forms::{accepted, as_it_is, author, book, open, refused, stored};
use crate::house::app::on_each_app;

#[tokio::test]
async fn child_rows_are_saved_with_their_record_in_its_form() {
    on_each_app(
        "child_rows_are_saved_with_their_record",
        as_it_is,
        async |app| {
            let (id, _) = author(app, "ada").await;
            let first = book(app, id).await["id"].to_string();
            let customer = json!({"name": "Cy", "email": "cy@example.org", "preferences": {},
            "id": "0198f4a2-0000-7000-8000-000000000001", "created_at": "2026-01-01T00:00:00Z"});
            let customer = app.make("customer", customer).await["id"].clone();
            let admin = app.login("admin").await;
            let new = "/admin/order/new";
            let form = open(&admin, new).await.form(new);
            let form = form
                .with("customer_id", customer.as_str().expect("a key"))
                .with("total", "1.00")
                .with("placed_at", "2026-07-01T22:30")
                .with("order_line.0.quantity", "0");
            // Faults of a row stand at its controls and at the top; the row is still there.
            let page = refused(&admin, &form, 422).await;
            for field in ["quantity", "book_id", "unit_price"] {
                let name = format!("order_line.0.{field}");
                assert!(
                    page.text_of("p", "id", &format!("e-{name}")).is_some(),
                    "{name}"
                );
                assert!(page.links().contains(&format!("#f-{name}")), "{name}");
            }
            // A book is searched from within the row.
            let form = page.form(new);
            let form = form
                .with("_q.order_line.0.book_id", "Note")
                .and("_then", "find.order_line.0.book_id");
            let page = form.send(&admin).await;
            assert!(
                page.text_of("span", "id", "p-order_line.0.book_id")
                    .expect("found")
                    .starts_with("Notes")
            );
            let form = page.form(new);
            let form = form
                .with("_pick.order_line.0.book_id", &first)
                .with("order_line.0.quantity", "2")
                .with("order_line.0.unit_price", "3.00");
            // One more row keeps what was typed in the others; left empty it is none.
            let page = form
                .clone()
                .and("_then", "add.order_line")
                .send(&admin)
                .await;
            assert_eq!(page.status(), 200);
            let form = page.form(new);
            let (path, page) = accepted(&admin, &form).await;
            let (path, _) = path.split_once('?').expect("a query");
            assert_eq!(page.form(path).value("order_line.0.quantity"), Some("2"));
            let api = "/api/v1/order_line?sort=id";
            let now = admin.get(api).await.1["data"].clone();
            assert_eq!(now.as_array().map(Vec::len), Some(1), "{now}");
            // Change one, and leave the empty one.
            let form = page.form(path).with("order_line.0.quantity", "5");
            let stale = form.clone().with("order_line.0.quantity", "9");
            let (_, page) = accepted(&admin, &form).await;
            assert_eq!(admin.get(api).await.1["data"][0]["quantity"], 5);
            // Somebody else was faster with the row: it is told at the row.
            let refused = refused(&admin, &stale, 412).await;
            assert!(
                refused.links().contains(&"#r-order_line.0".to_owned()),
                "{}",
                refused.text()
            );
            assert!(
                !refused.reply.text.contains("name=\"_take."),
                "{}",
                refused.text()
            );
            accepted(&admin, &refused.form(path)).await;
            assert_eq!(admin.get(api).await.1["data"][0]["quantity"], 9);
            // And remove it, in the same save that changes the record.
            let form = open(&admin, path).await.form(path);
            let form = form.with("total", "4.00").and("order_line.0._delete", "1");
            accepted(&admin, &form).await;
            assert_eq!(admin.get(api).await.1["data"], json!([]));
            assert_eq!(stored(&admin, path).await["total"], "4.00");
            for odd in [
                "order_line.0.zz",
                "order_line.0.order_id",
                "zz.0.quantity",
                "order_line.00.quantity",
            ] {
                let form = open(&admin, path).await.form(path).and(odd, "1");
                assert_eq!(form.send(&admin).await.status(), 400, "{odd}");
            }
            drop(page);
        },
    )
    .await;
}
