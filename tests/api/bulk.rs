//! `POST /api/v1/{model}/_bulk`.

use serde_json::{Value, json};

use super::sample::{Reply, call};
use crate::house::app::{Session, TestApp, grant_all, on_each_app};

pub(super) const PATH: &str = "/api/v1/author/_bulk";

pub(super) fn author(slug: &str) -> Value {
    json!({"name": format!("Name of {slug}"), "slug": slug, "country": "GB"})
}

pub(super) async fn bulk(session: &Session<'_>, body: &Value) -> Reply {
    call(session, ("POST", PATH), &[], Some(body)).await
}

fn create(slug: &str) -> Value {
    json!({"verb": "create", "data": author(slug)})
}

pub(super) async fn slugs(app: &TestApp) -> Vec<String> {
    let admin = app.login("admin").await;
    let list = admin
        .get("/api/v1/author?sort=slug&limit=100&fields=slug")
        .await
        .1;
    let rows = list["data"].as_array().expect("rows").iter();
    rows.filter_map(|r| r["slug"].as_str().map(ToOwned::to_owned))
        .collect()
}

#[tokio::test]
async fn a_list_of_operations_is_one_change_set() {
    on_each_app(
        "a_list_of_operations_is_one_change_set",
        |b| b,
        async |app| {
            let old = app.make("author", author("old")).await;
            let gone = app.make("author", author("gone")).await;
            let admin = app.login("admin").await;
            let body = json!({"operations": [
                create("a"), create("b"),
                {"verb": "patch", "id": old["id"], "data": {"country": "FR"}},
                {"verb": "delete", "id": gone["id"].to_string()},
                create("c"),
                {"verb": "replace", "id": old["id"], "data": author("new")},
            ]});
            let done = bulk(&admin, &body).await;
            assert_eq!(done.status, 200, "{}", done.text);
            let report = done.json();
            let status = |i: usize| report["results"][i]["status"].clone();
            let all: Vec<Value> = (0..6).map(status).collect();
            assert_eq!(Value::from(all), json!([201, 201, 200, 204, 201, 200]));
            assert_eq!(
                (&report["succeeded"], &report["failed"]),
                (&json!(6), &json!(0))
            );
            let first = report["results"][0]["id"].as_str().expect("an id");
            let read = admin.get(&format!("/api/v1/author/{first}")).await.1;
            assert_eq!(read["slug"], "a");
            assert_eq!(slugs(app).await, ["a", "b", "c", "new"]);
            let audit = admin
                .get("/api/v1/qd_audit?model=author&door=rest&sort=id")
                .await
                .1;
            let rows = audit["data"].as_array().expect("rows");
            assert_eq!(rows.len(), 6, "{audit}");
            assert!(
                rows[1..].iter().all(|r| r["change_set"] == rows[0]["id"]),
                "{audit}"
            );
        },
    )
    .await;
}

#[tokio::test]
async fn an_atomic_list_names_every_fault_and_changes_nothing() {
    let name = "an_atomic_list_names_every_fault_and_changes_nothing";
    on_each_app(
        name,
        |b| b,
        async |app| {
            app.make("author", author("taken")).await;
            let admin = app.login("admin").await;
            // Before any statement.
            let faulty = json!({"operations": [
                create("a"),
                {"verb": "create", "data": {"slug": 7}},
                {"verb": "patch", "id": 1, "data": {"nonsense": 1}},
            ]});
            let refused = bulk(&admin, &faulty).await;
            let wanted = [
                "/operations/1/data/country required",
                "/operations/1/data/name required",
                "/operations/1/data/slug type",
                "/operations/2/data/nonsense unknown_field",
            ];
            assert_eq!(
                (refused.status, refused.faults()),
                (422, wanted.map(String::from).to_vec())
            );
            // By the database, and by what is not there.
            let late = json!({"operations": [
                create("a"), create("taken"), create("a"),
                {"verb": "delete", "id": 999_999},
            ]});
            let refused = bulk(&admin, &late).await;
            let wanted = [
                "/operations/1/data/slug unique",
                "/operations/2/data/slug unique",
                "/operations/3 not_found",
            ];
            assert_eq!(
                refused.faults(),
                wanted.map(String::from),
                "{}",
                refused.text
            );
            assert_eq!(slugs(app).await, ["taken"]);
            let mut one_by_one = late.clone();
            one_by_one["atomic"] = json!(false);
            let done = bulk(&admin, &one_by_one).await.json();
            assert_eq!(
                (&done["succeeded"], &done["failed"]),
                (&json!(1), &json!(3)),
                "{done}"
            );
            assert_eq!(done["results"][1]["status"], 409);
            assert_eq!(done["results"][1]["error"]["errors"][0]["pointer"], "/slug");
            assert_eq!(slugs(app).await, ["a", "taken"]);
            // Nobody's body.
            for (body, fault) in [
                (json!({"operations": []}), "/operations type"),
                (
                    json!({"operations": [{"verb": "list"}]}),
                    "/operations/0/verb choice",
                ),
                (
                    json!({"operations": [{"verb": "delete"}]}),
                    "/operations/0/id required",
                ),
                (
                    json!({"operations": [{"verb": "create", "id": 1, "data": {}}]}),
                    "/operations/0/id unknown_member",
                ),
                (json!({"operation": []}), "/operation unknown_member"),
            ] {
                let refused = bulk(&admin, &body).await;
                assert_eq!(refused.status, 400, "{body}");
                assert!(
                    refused.faults().contains(&fault.to_owned()),
                    "{fault}: {}",
                    refused.text
                );
            }
        },
    )
    .await;
}

#[tokio::test]
async fn an_upsert_goes_by_a_unique_field() {
    on_each_app(
        "an_upsert_goes_by_a_unique_field",
        |b| b,
        async |app| {
            app.make("author", author("old")).await;
            let admin = app.login("admin").await;
            let upsert = |slug: &str, on: Value| {
                json!({"verb": "upsert", "on": on,
                   "data": {"name": "Upserted", "slug": slug, "country": "FR"}})
            };
            let on = json!(["slug"]);
            let body = json!({"operations": [upsert("old", on.clone()), upsert("new", on)]});
            for _ in 0..2 {
                let done = bulk(&admin, &body).await;
                assert_eq!(done.json()["succeeded"], 2, "{}", done.text);
            }
            assert_eq!(slugs(app).await, ["new", "old"]);
            let names = admin
                .get("/api/v1/author?name=Upserted&count=exact")
                .await
                .1;
            assert_eq!(names["page"]["count"], 2);
            for on in [json!(["name"]), json!(["nonsense"]), json!([])] {
                let body = json!({"operations": [upsert("old", on)]});
                assert_eq!(bulk(&admin, &body).await.status, 400);
            }
            // A natural key of two parts.
            let book = app
                .make(
                    "book",
                    json!({"isbn": "9780000000001", "title": "T", "price": "1.00",
            "pages": 1, "author_id": admin.get("/api/v1/author").await.1["data"][0]["id"]}),
                )
                .await;
            let category = app
                .make("category", json!({"name": "C", "slug": "c"}))
                .await;
            let link = json!({"operations": [{"verb": "upsert", "on": ["book_id", "category_id"],
            "data": {"book_id": book["id"], "category_id": category["id"]}}]});
            for _ in 0..2 {
                let done = call(
                    &admin,
                    ("POST", "/api/v1/book_category/_bulk"),
                    &[],
                    Some(&link),
                )
                .await;
                assert_eq!(done.status, 200, "{}", done.text);
            }
        },
    )
    .await;
}

#[tokio::test]
async fn r36_r39_operations_reach_no_row_and_no_field_that_their_caller_may_not() {
    let name = "r36_r39_operations_reach_no_row_and_no_field_that_their_caller_may_not";
    on_each_app(name, |b| b, async |app| {
        let mine = app.make("author", author("mine")).await;
        let theirs = json!({"name": "T", "slug": "theirs", "country": "FR"});
        let theirs = app.make("author", theirs).await;
        let rows = json!({"country": "GB"});
        let mut grant = grant_all("author", rows);
        grant["readable"] = json!(["id", "name", "country"]);
        grant["writable"] = json!(["name", "country"]);
        app.user("clerk", false, json!([grant])).await;
        let clerk = app.login("clerk").await;
        let all = json!({"verb": "patch", "where": {}, "data": {"name": "X"}, "max_affected": 9});
        assert_eq!(bulk(&clerk, &all).await.json(), json!({"matched": 1, "changed": 1}));
        let hidden = json!({"verb": "patch", "where": {"slug": "mine"},
                            "data": {"name": "Y"}, "max_affected": 9});
        let unknown = json!({"verb": "patch", "where": {"gulp": "mine"},
                             "data": {"name": "Y"}, "max_affected": 9});
        let (a, b) = (bulk(&clerk, &hidden).await, bulk(&clerk, &unknown).await);
        assert_eq!(a.status, 400);
        assert_eq!(a.shape().replace("slug", "gulp"), b.shape());
        let one = |id: &Value| json!({"operations": [{"verb": "patch", "id": id, "data": {"name": "Z"}}]});
        let foreign = bulk(&clerk, &one(&theirs["id"])).await;
        let absent = bulk(&clerk, &one(&json!(999_999))).await;
        assert_eq!(foreign.shape(), absent.shape());
        let away = json!({"operations": [{"verb": "patch", "id": mine["id"], "data": {"country": "FR"}}]});
        assert_eq!(bulk(&clerk, &away).await.faults(), ["/operations/0 row_rule"]);
        let secret = json!({"operations": [{"verb": "upsert", "on": ["slug"],
            "data": {"slug": "mine", "name": "N", "country": "GB"}}]});
        assert_eq!(bulk(&clerk, &secret).await.status, 400);
        app.user("reader", false, json!([{"model": "author", "verbs": ["list", "read"], "rows": "all",
            "readable": "all", "writable": []}])).await;
        let reader = app.login("reader").await;
        assert_eq!(bulk(&reader, &one(&mine["id"])).await.status, 403);
        assert_eq!(bulk(&app.anonymous(), &one(&mine["id"])).await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn d25_a_list_sent_again_gives_the_first_answer() {
    on_each_app(
        "d25_a_list_sent_again_gives_the_first_answer",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let body = json!({"operations": [create("a")]});
            let key = [("idempotency-key", "k-1")];
            let first = call(&admin, ("POST", PATH), &key, Some(&body)).await;
            let again = call(&admin, ("POST", PATH), &key, Some(&body)).await;
            assert_eq!((first.status, again.status), (200, 200), "{}", again.text);
            assert_eq!(
                (&first.text, again.header("idempotency-replayed")),
                (&again.text, "true")
            );
            let changed = json!({"operations": [create("b")]});
            let other = call(&admin, ("POST", PATH), &key, Some(&changed));
            assert_eq!(other.await.status, 422);
            assert_eq!(slugs(app).await, ["a"]);
        },
    )
    .await;
}

#[tokio::test]
async fn thousands_of_creates_take_few_statements() {
    on_each_app(
        "thousands_of_creates_take_few_statements",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let operations: Vec<Value> = (0..2_000).map(|i| create(&format!("a{i}"))).collect();
            app.statements();
            let done = bulk(&admin, &json!({"operations": operations})).await;
            assert_eq!(done.json()["succeeded"], 2_000, "{:.300}", done.text);
            let statements = app.statements().len();
            assert!(statements < 100, "{statements}");
            let many = admin.get("/api/v1/author?count=exact").await.1;
            assert_eq!(many["page"]["count"], 2_000);
            let sets =
                admin.get("/api/v1/qd_audit?model=author&change_set__isnull=false&count=exact");
            assert_eq!(sets.await.1["page"]["count"], 1_999);
        },
    )
    .await;
}
