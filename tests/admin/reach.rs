//! What goes with a record that is deleted.

use serde_json::json;

use super::forms::{as_it_is, author, book, open, stored};
use crate::house::app::on_each_app;

#[tokio::test]
async fn what_goes_with_a_record_is_a_tree_and_many_are_typed() {
    on_each_app("what_goes_with_a_record", as_it_is, async |app| {
        let at = "2026-01-01T00:00:00Z";
        let customer = json!({"id": "abcdef00-0000-0000-0000-000000000001", "name": "Ada",
            "email": "ada@example.org", "preferences": {}, "created_at": at});
        let customer = app.make("customer", customer).await["id"].clone();
        let address = json!({"customer_id": customer, "kind": "home", "street": "A", "city": "B",
            "postcode": "1", "country": "GB"});
        let address = app.make("address", address).await["id"].clone();
        let order = json!({"customer_id": customer, "shipping_address_id": address,
            "total": "1.00", "placed_at": at});
        app.make("order", order).await;
        let admin = app.login("admin").await;
        let key = customer.as_str().expect("a key");
        let page = open(&admin, &format!("/admin/customer/{key}/delete")).await;
        let text = page.text();
        assert!(
            text.contains("It cannot be deleted as things are"),
            "{text}"
        );
        let tree = "What goes with it in the way 1 order deleted too 1 address unlinked 1 order";
        assert!(text.contains(tree), "{text}");
        let list = format!("/admin/address?customer_id={key}");
        assert_eq!(page.link("1 address"), Some(list), "{text}");
        // As a tree: what is under the address is within its entry.
        let tags: Vec<&str> = page.tags.iter().map(|t| t.name.as_str()).collect();
        let order = page.tags.iter().position(|t| t.text.trim() == "unlinked");
        let inside = tags[..order.expect("the order")].iter().rev();
        let lists = inside
            .take_while(|tag| **tag != "h2")
            .filter(|tag| **tag == "ul");
        assert_eq!(lists.count(), 2, "{}", page.reply.text);

        let (author, _) = author(app, "eve").await;
        let book = book(app, author).await["id"].clone();
        for n in 0..50 {
            let review =
                json!({"book_id": book, "rating": 5, "title": format!("R{n}"), "created_at": at});
            app.make("review", review).await;
        }
        let path = format!("/admin/book/{book}/delete");
        let page = open(&admin, &path).await;
        assert!(
            page.text().contains("Type 51 to confirm"),
            "{}",
            page.text()
        );
        for wrong in ["", "50"] {
            let form = page.form(&path).with("_typed", wrong);
            let kept = form.send(&admin).await;
            assert_eq!(kept.status(), 422, "{wrong}: {}", kept.text());
        }
        stored(&admin, &format!("/admin/book/{book}")).await;
        let form = page.form(&path).with("_typed", " 51 ");
        assert_eq!(form.send(&admin).await.status(), 303);
    })
    .await;
}
