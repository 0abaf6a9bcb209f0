//! Actions: a function of the project over a selection, with the caller's own rights.

mod once;
mod selections;
mod whole;

use serde_json::{Value, json};

use crate::auth::number;
use crate::house::app::{TestApp, on_each_app};

async fn books(app: &TestApp, how_many: usize) -> Vec<Value> {
    let author = json!({"name": "Ada", "slug": "ada", "country": "GB"});
    let author = app.make("author", author).await["id"].clone();
    let mut all = Vec::new();
    for i in 0..how_many {
        let book = json!({"isbn": format!("978000000000{i}"), "title": format!("Book {i}"),
            "author_id": author, "price": "10.00", "pages": 10, "language": "en"});
        all.push(app.make("book", book).await["id"].clone());
    }
    all
}

const DISCOUNT: &str = "/api/v1/book/_actions/discount";

#[tokio::test]
async fn an_action_changes_the_records_that_are_selected() {
    on_each_app("an_action_changes_what_is_selected", |b| b, async |app| {
        let ids = books(app, 4).await;
        let admin = app.login("admin").await;
        let body = json!({"ids": [ids[0], ids[1].to_string(), ids[0]], "input": {"percent": "25"}});
        let (status, done) = admin.send("POST", DISCOUNT, body).await;
        assert_eq!((status, &done["affected"]), (200, &json!(2)), "{done}");
        let body = json!({"where": {"title__in": ["Book 1", "Book 2"]}, "max_affected": 2, "input": {"percent": 10}});
        let (status, done) = admin.send("POST", DISCOUNT, body).await;
        assert_eq!((status, &done["affected"]), (200, &json!(2)), "{done}");
        let (_, page) = admin.get("/api/v1/book?sort=id&fields=price").await;
        let rows = page["data"].as_array().expect("rows").iter();
        let prices: Vec<&str> = rows.filter_map(|b| b["price"].as_str()).collect();
        assert_eq!(prices, ["7.50", "6.75", "9.00", "10.00"]);
        let body = json!({"where": "q=book&title__ne=Book+3&title__ne=Book+0", "max_affected": 2,
            "input": {"percent": 50}});
        let (status, done) = admin.send("POST", DISCOUNT, body).await;
        assert_eq!((status, &done["affected"]), (200, &json!(2)), "{done}");
        let (_, page) = admin.get("/api/v1/book?sort=id&fields=price").await;
        let rows = page["data"].as_array().expect("rows").iter();
        let prices: Vec<&str> = rows.filter_map(|b| b["price"].as_str()).collect();
        assert_eq!(prices, ["7.50", "3.38", "4.50", "10.00"]);
        // Each request is one change set of its own.
        let sets = "SELECT COUNT(DISTINCT request_id) FROM qd_audit WHERE model = 'book' AND door = 'rest'";
        assert_eq!(number(app.app.engine.db(), sets).await, 3);
    })
    .await;
}

#[tokio::test]
async fn a74_a_request_for_an_action_is_checked_before_it_runs() {
    on_each_app(
        "a_request_for_an_action_is_checked",
        |b| b,
        async |app| {
            let ids = books(app, 3).await;
            let admin = app.login("admin").await;
            let ok = json!({"percent": "5"});
            let cases = [
                (
                    json!({"ids": [ids[0], 999, "x"], "input": {"percent": "5"}}),
                    422,
                    vec!["/ids/1", "/ids/2"],
                ),
                (json!({"ids": [ids[0]]}), 422, vec!["/input/percent"]),
                (
                    json!({"ids": [ids[0]], "input": {"percent": "95", "zz": 1}}),
                    422,
                    vec!["/input/percent", "/input/zz"],
                ),
                (
                    json!({"ids": [999], "input": {"percent": "x"}}),
                    422,
                    vec!["/ids/0", "/input/percent"],
                ),
                (json!({"ids": [], "input": ok}), 400, vec!["/ids"]),
                (json!({"input": ok}), 400, vec!["/ids"]),
                (
                    json!({"ids": [ids[0]], "where": {}, "input": ok}),
                    400,
                    vec!["/ids"],
                ),
                (
                    json!({"where": {"zz": 1}, "max_affected": 9, "input": ok}),
                    400,
                    vec!["/where/zz"],
                ),
                (
                    json!({"where": {}, "max_affected": 0, "input": ok}),
                    400,
                    vec!["/max_affected"],
                ),
                // As of `_bulk`: how many it may be has to be said, and a text is a list's conditions.
                (
                    json!({"where": {}, "input": ok, "zz": 1}),
                    400,
                    vec!["/max_affected", "/zz"],
                ),
                (
                    json!({"ids": [ids[0]], "max_affected": 9, "input": ok}),
                    400,
                    vec!["/max_affected"],
                ),
                (
                    json!({"where": "sort=title", "max_affected": 9, "input": ok}),
                    400,
                    vec!["/where"],
                ),
                (
                    json!({"where": "title__startswith=Book", "max_affected": 2, "input": ok}),
                    409,
                    vec![],
                ),
                (json!({"ids": [ids[0]], "zz": 1}), 400, vec!["/zz"]),
                (
                    json!({"where": {}, "max_affected": 2, "input": ok}),
                    409,
                    vec![],
                ),
            ];
            for (body, wanted, places) in cases {
                let (status, problem) = admin.send("POST", DISCOUNT, body).await;
                assert_eq!(status, wanted, "{problem}");
                let errors = problem["errors"].as_array().cloned().unwrap_or_default();
                let mut found: Vec<&str> = errors
                    .iter()
                    .filter_map(|e| e["pointer"].as_str())
                    .collect();
                found.sort_unstable();
                assert_eq!(found, places, "{problem}");
            }
            let changed = "SELECT COUNT(*) FROM qd_audit WHERE model = 'book' AND verb = 'patch'";
            assert_eq!(number(app.app.engine.db(), changed).await, 0);
            // One that there is not, and one of another model.
            for path in ["book/_actions/zz", "author/_actions/discount"] {
                let body = json!({"ids": ["1"], "input": ok});
                let (status, _) = admin.send("POST", &format!("/api/v1/{path}"), body).await;
                assert_eq!(status, 404, "{path}");
                let page = admin.get(&format!("/admin/{path}?ids=1")).await;
                assert_eq!(page.0, 404, "{path}");
            }
            let request = admin
                .request(reqwest::Method::POST, DISCOUNT)
                .header("prefer", "dry-run");
            let response = request
                .json(&json!({"ids": [ids[0]], "input": ok}))
                .send()
                .await
                .expect("an answer");
            assert_eq!(response.status().as_u16(), 400);
        },
    )
    .await;
}

#[tokio::test]
async fn r27_an_action_does_nothing_that_its_caller_could_not() {
    on_each_app("an_action_does_nothing_that_its_caller", |b| b, async |app| {
        let ids = books(app, 2).await;
        let grant = |verbs: Value, rows: Value, writable: Value| {
            json!([{"model": "book", "verbs": verbs, "rows": rows, "readable": "all", "writable": writable}])
        };
        let body = |id: &Value| json!({"ids": [id], "input": {"percent": "5"}});
        let cases = [
            ("looker", grant(json!(["list", "read"]), json!("all"), json!([])), 403),
            ("stranger", json!([]), 404),
            // Its writable fields are its own, whatever the action would change.
            ("namer", grant(json!(["list", "read", "patch"]), json!("all"), json!(["title"])), 422),
            ("ruled", grant(json!(["list", "read", "patch"]), json!({"title": "Book 1"}), json!("all")), 422),
        ];
        for (name, grants, wanted) in cases {
            app.user(name, false, grants).await;
            let session = app.login(name).await;
            let (status, problem) = session.send("POST", DISCOUNT, body(&ids[0])).await;
            assert_eq!(status, wanted, "{name}: {problem}");
        }
        let ruled = app.login("ruled").await;
        let (status, done) = ruled.send("POST", DISCOUNT, body(&ids[1])).await;
        assert_eq!((status, &done["affected"]), (200, &json!(1)), "{done}");
        // What matches is only what they may change, of what they may list.
        let of = |verbs: Value, rows: Value| {
            json!({"model": "book", "verbs": verbs, "rows": rows, "readable": "all", "writable": "all"})
        };
        let both = json!([of(json!(["list", "read"]), json!("all")),
            of(json!(["patch"]), json!({"title": "Book 0"}))]);
        app.user("halver", false, both).await;
        let halver = app.login("halver").await;
        let all = json!({"where": {}, "max_affected": 2, "input": {"percent": "5"}});
        let (status, done) = halver.send("POST", DISCOUNT, all.clone()).await;
        assert_eq!((status, &done["affected"]), (200, &json!(1)), "{done}");
        // A condition on what they do not see is as one that there is not.
        let grant = json!([{"model": "book", "verbs": ["list", "read", "patch"], "rows": "all",
            "readable": ["id", "title", "price"], "writable": ["price"]}]);
        app.user("blind", false, grant).await;
        let blind = app.login("blind").await;
        for hidden in [json!({"isbn": "x"}), json!("isbn=x")] {
            let body = json!({"where": hidden, "max_affected": 9, "input": {"percent": "5"}});
            let (status, problem) = blind.send("POST", DISCOUNT, body).await;
            let code = &problem["errors"][0]["code"];
            assert_eq!((status, code), (400, &json!("unknown_field")), "{problem}");
        }
        // The document of the API has it for who may run it.
        for (name, has) in [("ruled", true), ("looker", false)] {
            let (_, document) = app.login(name).await.get("/api/openapi.json").await;
            assert_eq!(document["paths"].get(DISCOUNT).is_some(), has, "{name}");
        }
    })
    .await;
}
