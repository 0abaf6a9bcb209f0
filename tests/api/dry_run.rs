//! `Prefer: dry-run`, and what a delete takes with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use quarterdeck::app::AppBuilder;
use quarterdeck::hook::Hook;
use quarterdeck::model::{ModelMeta, Verb};
use serde_json::{Value, json};

use super::sample::{Reply, call};
use crate::house::app::{Session, TestApp, grant_all, on_each_app};

const DRY: (&str, &str) = ("prefer", "dry-run");

async fn dry(session: &Session<'_>, request: (&str, &str), body: Option<&Value>) -> Reply {
    call(session, request, &[DRY], body).await
}

fn author(slug: &str) -> Value {
    json!({"name": "Ada", "slug": slug, "country": "GB"})
}

/// Everything that a write could change.
async fn everything(app: &TestApp) -> String {
    let admin = app.login("admin").await;
    let mut all = String::new();
    for model in [
        "author",
        "book",
        "category",
        "book_category",
        "review",
        "stock_event",
        "qd_audit",
    ] {
        let list = call(
            &admin,
            ("GET", &format!("/api/v1/{model}?limit=100")),
            &[],
            None,
        )
        .await;
        // Logging in is in the audit.
        all.push_str(&list.text.replace("\"verb\":\"login\"", ""));
    }
    all
}

/// A book with a category, two reviews and a stock event, in a tree of categories.
async fn shop(app: &TestApp) -> (Value, Value) {
    let author = app.make("author", author("ada")).await;
    let book = app
        .make(
            "book",
            json!({"isbn": "9780000000001", "title": "Notes", "author_id": author["id"],
                   "price": "9.50", "pages": 12}),
        )
        .await;
    let root = app
        .make("category", json!({"name": "All", "slug": "all"}))
        .await;
    let leaf = json!({"name": "Leaf", "slug": "leaf", "parent_id": root["id"]});
    let leaf = app.make("category", leaf).await;
    let link = json!({"book_id": book["id"], "category_id": leaf["id"]});
    app.make("book_category", link).await;
    for title in ["Good", "Bad"] {
        let review = json!({"book_id": book["id"], "rating": 3, "title": title,
                            "created_at": "2026-01-01T00:00:00Z"});
        app.make("review", review).await;
    }
    (book, root)
}

#[tokio::test]
async fn a_dry_run_shows_what_would_change_and_changes_nothing() {
    let name = "a_dry_run_shows_what_would_change_and_changes_nothing";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let made = app.make("author", author("ada")).await;
            let path = format!("/api/v1/author/{}", made["id"]);
            let admin = app.login("admin").await;
            let before = everything(app).await;

            let create = dry(&admin, ("POST", "/api/v1/author"), Some(&author("bob"))).await;
            assert_eq!(create.status, 200, "{}", create.text);
            assert_eq!(create.header("preference-applied"), "dry-run");
            let document = create.json();
            assert_eq!(document["dry_run"], true);
            assert_eq!(document["changes"][0]["verb"], "create");
            assert_eq!(document["changes"][0]["before"], Value::Null);
            assert_eq!(document["changes"][0]["after"]["slug"], "bob");
            assert_eq!(document["violations"], json!([]));

            let change = json!({"country": "FR"});
            let patch = dry(&admin, ("PATCH", &path), Some(&change)).await.json();
            assert_eq!(patch["total"], 1, "{patch}");
            assert_eq!(patch["changes"][0]["id"], made["id"].to_string());
            assert_eq!(patch["changes"][0]["before"], made);
            assert_eq!(patch["changes"][0]["after"]["country"], "FR");
            let same = dry(&admin, ("PATCH", &path), Some(&json!({"country": "GB"}))).await;
            assert_eq!(same.json()["total"], 0, "{}", same.text);
            let replace = dry(&admin, ("PUT", &path), Some(&author("eve")))
                .await
                .json();
            assert_eq!(replace["changes"][0]["after"]["slug"], "eve");
            let delete = dry(&admin, ("DELETE", &path), None).await.json();
            assert_eq!(delete["changes"][0]["before"], made);
            assert_eq!(delete["changes"][0]["after"], Value::Null);

            assert_eq!(everything(app).await, before);
        },
    )
    .await;
}

#[tokio::test]
async fn a_dry_run_lists_what_stands_against_the_write() {
    let name = "a_dry_run_lists_what_stands_against_the_write";
    on_each_app(
        name,
        |b| b,
        async |app| {
            app.make("author", author("ada")).await;
            let admin = app.login("admin").await;
            let post = ("POST", "/api/v1/author");
            let codes = |reply: &Reply| -> Vec<(Value, Value)> {
                let json = reply.json();
                let all = json["violations"].as_array().expect("violations").iter();
                all.map(|v| (v["pointer"].clone(), v["code"].clone()))
                    .collect()
            };
            let faulty = dry(&admin, post, Some(&json!({"slug": 3, "nonsense": 1}))).await;
            assert_eq!(faulty.status, 200, "{}", faulty.text);
            let wanted = [
                ("/slug", "type"),
                ("/nonsense", "unknown_field"),
                ("/name", "required"),
            ];
            for (pointer, code) in wanted {
                assert!(
                    codes(&faulty).contains(&(pointer.into(), code.into())),
                    "{}",
                    faulty.text
                );
            }
            let twice = dry(&admin, post, Some(&author("ada"))).await;
            assert_eq!(
                codes(&twice),
                [("/slug".into(), "unique".into())],
                "{}",
                twice.text
            );
            // Who may not, or what is not there, is told as ever.
            let gone = dry(&admin, ("PATCH", "/api/v1/author/999"), Some(&json!({}))).await;
            assert_eq!(gone.status, 404);
            let nobody = dry(&app.anonymous(), post, Some(&author("x"))).await;
            assert_eq!(nobody.status, 401);
            let logout = dry(&admin, ("POST", "/auth/logout"), None).await;
            assert_eq!(
                (logout.status, logout.faults()),
                (400, vec!["Prefer dry_run_unknown".into()])
            );
            assert_eq!(admin.get("/auth/session").await.0, 200);
        },
    )
    .await;
}

#[tokio::test]
async fn a_delete_shows_takes_and_records_what_goes_with_it() {
    let name = "a_delete_shows_takes_and_records_what_goes_with_it";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let (book, root) = shop(app).await;
            let admin = app.login("admin").await;
            let path = format!("/api/v1/book/{}", book["id"]);
            let tried = dry(&admin, ("DELETE", &path), None).await.json();
            let mut cascade = tried["cascade"].as_array().expect("a cascade").clone();
            cascade.sort_by_key(ToString::to_string);
            let wanted = json!([
                {"model": "book_category", "under": "book", "effect": "delete", "count": 1},
                {"model": "review", "under": "book", "effect": "delete", "count": 2},
            ]);
            assert_eq!(Value::from(cascade), wanted, "{tried}");
            assert_eq!(tried["violations"], json!([]));
            let gone = call(
                &admin,
                ("DELETE", &path),
                &[("change-reason", "päper jam")],
                None,
            )
            .await;
            assert_eq!(gone.status, 204, "{}", gone.text);
            let audit = admin
                .get("/api/v1/qd_audit?verb=delete&sort=id&limit=50")
                .await
                .1;
            let rows = audit["data"].as_array().expect("rows");
            let models: Vec<&str> = rows.iter().filter_map(|r| r["model"].as_str()).collect();
            assert_eq!(models.len(), 4, "{audit}");
            assert_eq!(models.last(), Some(&"book"));
            // One change set, known by its first row, with a reason.
            assert_eq!(rows[0]["change_set"], Value::Null);
            for row in &rows[1..] {
                assert_eq!(row["change_set"], rows[0]["id"]);
            }
            assert!(rows.iter().all(|r| r["reason"] == "päper jam"), "{audit}");

            let path = format!("/api/v1/category/{}", root["id"]);
            let tried = dry(&admin, ("DELETE", &path), None).await.json();
            let wanted = json!([{"model": "category", "under": "category", "effect": "set_null", "count": 1}]);
            assert_eq!(tried["cascade"], wanted, "{tried}");
            assert_eq!(call(&admin, ("DELETE", &path), &[], None).await.status, 204);
            let leaf = admin.get("/api/v1/category?slug=leaf").await.1;
            assert_eq!(leaf["data"][0]["parent_id"], Value::Null);
            let last = admin
                .get("/api/v1/qd_audit?model=category&verb=patch")
                .await
                .1;
            assert_eq!(
                last["data"][0]["changes"]["parent_id"]["new"],
                Value::Null,
                "{last}"
            );
        },
    )
    .await;
}

#[tokio::test]
async fn r39_nothing_goes_with_a_record_that_the_caller_may_not_delete() {
    let name = "r39_nothing_goes_with_a_record_that_the_caller_may_not_delete";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let (book, _) = shop(app).await;
            let good = json!({"title": "Good"});
            let of_review = |rows: Value| {
                json!([
                    grant_all("book", json!("all")),
                    grant_all("book_category", json!("all")),
                    grant_all("review", rows)
                ])
            };
            app.user("blind", false, json!([grant_all("book", json!("all"))]))
                .await;
            app.user("half", false, of_review(good)).await;
            app.user("whole", false, of_review(json!("all"))).await;
            let path = format!("/api/v1/book/{}", book["id"]);
            for name in ["blind", "half"] {
                let session = app.login(name).await;
                let tried = dry(&session, ("DELETE", &path), None).await;
                assert_eq!(
                    tried.json()["violations"][0]["code"],
                    "referenced",
                    "{}",
                    tried.text
                );
                // What may not be seen is not counted.
                assert!(
                    name == "half" || !tried.text.contains("review"),
                    "{}",
                    tried.text
                );
                assert!(!tried.text.contains("\"count\":2"), "{}", tried.text);
                let refused = call(&session, ("DELETE", &path), &[], None).await;
                assert_eq!(
                    (refused.status, &refused.json()["code"]),
                    (409, &json!("referenced"))
                );
            }
            let session = app.login("whole").await;
            assert_eq!(
                call(&session, ("DELETE", &path), &[], None).await.status,
                204
            );
        },
    )
    .await;
}

#[tokio::test]
async fn a_dry_run_shows_only_what_its_caller_may_read() {
    let name = "a_dry_run_shows_only_what_its_caller_may_read";
    on_each_app(name, |b| b, async |app| {
        let made = app.make("author", author("ada")).await;
        let path = format!("/api/v1/author/{}", made["id"]);
        let grant = json!({"model": "author", "verbs": ["read", "patch", "delete"], "rows": "all",
                           "readable": ["id", "name"], "writable": ["name", "country"]});
        app.user("clerk", false, json!([grant])).await;
        let clerk = app.login("clerk").await;
        let change = json!({"country": "FR", "name": "A."});
        let tried = dry(&clerk, ("PATCH", &path), Some(&change)).await.json();
        let id = &made["id"];
        assert_eq!(tried["changes"][0]["before"], json!({"id": id, "name": "Ada"}));
        assert_eq!(tried["changes"][0]["after"], json!({"id": id, "name": "A."}));
        let tried = dry(&clerk, ("DELETE", &path), None).await;
        assert!(!tried.text.contains("GB"), "{}", tried.text);
    })
    .await;
}

/// Counts the commits that it hears of.
struct Hearing(Arc<AtomicUsize>);

#[async_trait]
impl Hook for Hearing {
    fn id(&self) -> &'static str {
        "hearing"
    }

    fn concerns(&self, model: &ModelMeta) -> bool {
        model.slug == "review"
    }

    fn committed(&self, _model: &ModelMeta, _verb: Verb) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn no_hook_hears_of_what_was_taken_back() {
    let heard = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&heard);
    let build = move |b: AppBuilder| b.hook(Hearing(Arc::clone(&counted)));
    let name = "no_hook_hears_of_what_was_taken_back";
    on_each_app(name, build, async |app| {
        let (book, _) = shop(app).await;
        let customer = json!({"id": "0190a3c1-0000-7000-8000-000000000001", "name": "Eve",
            "email": "eve@example.org", "preferences": {}, "created_at": "2026-01-01T00:00:00Z"});
        let customer = app.make("customer", customer).await;
        let order = json!({"customer_id": customer["id"], "status": "paid", "total": "9.50",
                           "placed_at": "2026-01-01T00:00:00Z"});
        let order = app.make("order", order).await;
        // The reviews go first; then the line forbids it.
        let line = json!({"order_id": order["id"], "book_id": book["id"], "quantity": 1,
                          "unit_price": "9.50"});
        let line = app.make("order_line", line).await;
        heard.store(0, Ordering::SeqCst);
        let admin = app.login("admin").await;
        let delete = json!({"atomic": false, "operations": [{"verb": "delete", "id": book["id"]}]});
        let bulk = ("POST", "/api/v1/book/_bulk");
        let tried = dry(&admin, bulk, Some(&delete)).await.json();
        assert_eq!(tried["events"], json!([]), "{tried}");
        let refused = call(&admin, bulk, &[], Some(&delete)).await;
        assert_eq!(refused.json()["failed"], 1, "{}", refused.text);
        assert_eq!(heard.load(Ordering::SeqCst), 0);
        let line = format!("/api/v1/order_line/{}", line["id"]);
        assert_eq!(admin.send("DELETE", &line, Value::Null).await.0, 204);
        let done = call(&admin, bulk, &[], Some(&delete)).await;
        assert_eq!(done.json()["succeeded"], 1, "{}", done.text);
        assert_eq!(heard.load(Ordering::SeqCst), 1);
    })
    .await;
}
