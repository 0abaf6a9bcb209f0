//! What is written as an export writes it is the same again after its import.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use super::super::sample::{World, call, list, names};
use super::{CSV, NDJSON, XLSX, authors, import};
use crate::house::app::{Session, config, on_apps, on_each_app};
use crate::house::fresh;

/// The models of the shop, those first that others point at.
const MODELS: [&str; 14] = [
    "publisher",
    "author",
    "category",
    "customer",
    "price_list",
    "book",
    "book_detail",
    "book_category",
    "address",
    "order",
    "order_line",
    "review",
    "stock_event",
    "staff_note",
];

/// The records of each model.
type Tables = BTreeMap<&'static str, Vec<Value>>;

async fn tables(session: &Session<'_>) -> Tables {
    let mut all = Tables::new();
    for model in MODELS {
        let path = format!("/api/v1/{model}?limit=100");
        let page = call(session, ("GET", &path), &[], None).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let mut rows = list(&page.json()["data"]);
        for row in &mut rows {
            // The entity sets it at every save.
            row.as_object_mut().expect("a record").remove("updated_at");
        }
        rows.sort_by_key(Value::to_string);
        all.insert(model, rows);
    }
    all
}

/// Texts that are not kept by chance.
async fn make(session: &Session<'_>) {
    let world = World::look(session).await;
    for model in MODELS {
        for _ in 0..2 {
            world.make(model).await;
        }
    }
    for (n, text) in [
        "=1+1",
        "''=x",
        "a,\"b\"\r\nc",
        " spaces ",
        "'",
        "_x000D_",
        "-5",
        "\tTab",
    ]
    .into_iter()
    .enumerate()
    {
        let author = json!({"name": text, "slug": format!("hostile-{n}"), "country": "GB", "biography": text});
        let made = call(session, ("POST", "/api/v1/author"), &[], Some(&author)).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
    // Null and the empty text, and what either could be taken for.
    for (n, text) in [json!(""), json!("''"), Value::Null]
        .into_iter()
        .enumerate()
    {
        let author =
            json!({"name": "N", "slug": format!("empty-{n}"), "country": "GB", "biography": text});
        let made = call(session, ("POST", "/api/v1/author"), &[], Some(&author)).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
    // Headings that come before the one they are under.
    let heading =
        |slug: &str, parent: Value| json!({"name": slug, "slug": slug, "parent_id": parent});
    let mut ids = Vec::new();
    for slug in ["first", "second"] {
        let made = call(
            session,
            ("POST", "/api/v1/category"),
            &[],
            Some(&heading(slug, Value::Null)),
        )
        .await;
        ids.push(made.json()["id"].clone());
    }
    let path = format!("/api/v1/category/{}", ids[0]);
    let under = json!({"parent_id": ids[1]});
    assert_eq!(
        call(session, ("PATCH", &path), &[], Some(&under))
            .await
            .status,
        200
    );
}

/// Every model as a file.
type Files = BTreeMap<(&'static str, &'static str), Vec<u8>>;

async fn files(session: &Session<'_>) -> Files {
    let mut all = Files::new();
    for (format, media_type) in [("csv", CSV), ("ndjson", NDJSON), ("xlsx", XLSX)] {
        for model in MODELS {
            let path = format!("/api/v1/{model}/_export?format={format}");
            let sent = session.request(Method::GET, &path).send().await;
            let sent = sent.expect("an answer");
            assert_eq!(sent.status(), 200, "{path}");
            let body = sent.bytes().await.expect("a whole file");
            all.insert((media_type, model), body.to_vec());
        }
    }
    all
}

#[tokio::test]
async fn an_export_imported_into_an_empty_database_gives_an_equal_one() {
    let name = "an_export_imported_into_an_empty_database_gives_an_equal_one";
    let build = quarterdeck::demo::register;
    let mut sources: Vec<(Tables, Files)> = Vec::new();
    on_apps(name, fresh(name).await, config, build, async |app| {
        let admin = app.login("admin").await;
        make(&admin).await;
        sources.push((tables(&admin).await, files(&admin).await));
    })
    .await;
    for media_type in [CSV, NDJSON, XLSX] {
        let mut source = sources.iter();
        on_apps(name, fresh(name).await, config, build, async |app| {
            let admin = app.login("admin").await;
            let (wanted, files) = source.next().expect("as many databases");
            for model in MODELS {
                let rows = &wanted[model];
                let to = format!("{model}?keys=keep");
                let file = files[&(media_type, model)].clone();
                let done = import(&admin, &to, media_type, file, &[]).await;
                assert_eq!(done.status, 200, "{media_type} {model}: {}", done.text);
                assert_eq!(done.json()["created"], rows.len(), "{}", done.text);
                // A sheet knows no instants and no exact numbers; every text of ours is our own.
                let exact = media_type != XLSX;
                assert!(
                    !exact || done.json()["coerced"] == json!({}),
                    "{media_type} {model}"
                );
            }
            let got = tables(&admin).await;
            for model in MODELS {
                assert_eq!(got[model], wanted[model], "{media_type} {model}");
            }
            // The next key that the database assigns is past all of them.
            let next = json!({"name": "N", "slug": "next", "country": "GB"});
            let made = call(&admin, ("POST", "/api/v1/author"), &[], Some(&next)).await;
            assert_eq!(made.status, 201, "{}", made.text);
        })
        .await;
    }
}

#[tokio::test]
async fn keys_are_kept_when_that_is_asked_for() {
    on_each_app(
        "keys_are_kept_when_that_is_asked_for",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let file = "id,name,slug,country\n70,A,a,GB\n7,B,b,GB\n";
            assert_eq!(
                authors(&admin, "", file).await.faults(),
                ["/columns/id read_only"]
            );
            assert_eq!(authors(&admin, "map=id:", file).await.json()["created"], 2);
            let file = file.replace(",a,", ",c,").replace(",b,", ",d,");
            let done = authors(&admin, "keys=keep", &file).await;
            assert_eq!(done.json()["created"], 2, "{}", done.text);
            let taken = authors(
                &admin,
                "keys=keep",
                "id,name,slug,country\n71,A,e,GB\n70,B,f,GB\n",
            )
            .await;
            assert_eq!(
                (taken.status, taken.faults()),
                (409, vec!["/rows/1/id unique".to_owned()]),
                "{}",
                taken.text
            );
            let made = app
                .make("author", json!({"name": "N", "slug": "n", "country": "GB"}))
                .await;
            assert!(made["id"].as_i64() > Some(70), "{made}");
            // What is there keeps its key and what the application has set.
            let over = "id,name,slug,country\n70,Changed,c,GB\n500,New,new,GB\n";
            let done = authors(&admin, "keys=keep&mode=upsert&on=id", over)
                .await
                .json();
            assert_eq!(
                (&done["created"], &done["updated"]),
                (&json!(1), &json!(1)),
                "{done}"
            );
            assert_eq!(admin.get("/api/v1/author/500").await.1["slug"], "new");
            let zero = authors(&admin, "keys=keep", "id,name,slug,country\n0,Z,zero,GB\n").await;
            let is_mysql = app.app.engine.db().backend() == sea_orm::DbBackend::MySql;
            assert_eq!(
                zero.status,
                if is_mysql { 422 } else { 200 },
                "{}",
                zero.text
            );
            assert_eq!(names(&json!(zero.faults())).is_empty(), !is_mysql);
        },
    )
    .await;
}
