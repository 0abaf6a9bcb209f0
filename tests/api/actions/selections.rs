//! What a function does with its selection: reads it with few statements, and writes over nothing that
//! it has not seen.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use quarterdeck::app::AppBuilder;
use quarterdeck::config::Config;
use quarterdeck::crud::{Action, Context, Done, Engine, IfMatch, Selection, Target};
use quarterdeck::demo::register;
use quarterdeck::model::{Input, Verb};
use quarterdeck_entity::demo::book;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::{DISCOUNT, books};
use crate::house::app::{config, on_apps, on_each_app};
use crate::house::fresh;

/// The operations of the application that is running.
type Engines = Arc<Mutex<Option<Arc<Engine>>>>;

/// Adds a page to each book; while it thinks about the last, somebody changes the first.
fn add_a_page(engines: &Engines) -> Action {
    let engines = Arc::clone(engines);
    Action::new("add_a_page", "Add a page", move |selection: Selection| {
        // Not the action's own: what that writes is part of it.
        let engine = engines.lock().expect("unpoisoned").clone();
        async move {
            let (engine, model) = (engine.expect("an engine"), selection.model);
            let (first, last) = (selection.keys[0].clone(), selection.keys.len());
            let another = || {
                let target = Target {
                    key: &first,
                    condition: &IfMatch::Unconditional,
                };
                let body = Input::from(&json!({ "pages": 100 }));
                let ctx = Context::operator();
                let done = engine.update(&ctx, (model, Verb::Patch), target, body);
                block_in_place(|| Handle::current().block_on(done)).map(drop)
            };
            let shown = AtomicUsize::new(0);
            let change = |book: &Value| {
                let nth = shown.fetch_add(1, Ordering::Relaxed) + 1;
                if last > 1 && nth == last {
                    another().expect("written");
                }
                Some(json!({ "pages": book["pages"].as_i64()? + 1 }))
            };
            selection.patch(change).await
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn d28_an_action_does_not_write_over_what_another_has_written_meanwhile() {
    let engines = Engines::default();
    let with = |b: AppBuilder| b.action::<book::Entity>(add_a_page(&engines));
    on_each_app("d28_an_action_does_not_write_over", with, async |app| {
        *engines.lock().expect("unpoisoned") = Some(Arc::clone(&app.app.engine));
        let ids = books(app, 2).await;
        let admin = app.login("admin").await;
        let path = "/api/v1/book/_actions/add_a_page";
        let (status, done) = admin.send("POST", path, json!({"ids": [ids[1]]})).await;
        assert_eq!((status, &done["affected"]), (200, &json!(1)), "{done}");
        let (status, problem) = admin.send("POST", path, json!({"ids": ids})).await;
        assert_eq!(status, 412, "{problem}");
        assert_eq!(problem["errors"][0]["code"], "precondition_failed");
        let (_, page) = admin.get("/api/v1/book?sort=id&fields=pages").await;
        assert_eq!(page["data"], json!([{"pages": 100}, {"pages": 11}]));
        // A model that does not demand `If-Match` of others is no exception, and its tags fit.
        let (status, done) = admin
            .send(
                "POST",
                DISCOUNT,
                json!({"ids": ids, "input": {"percent": "50"}}),
            )
            .await;
        assert_eq!((status, &done["affected"]), (200, &json!(2)), "{done}");
    })
    .await;
}

#[tokio::test]
async fn records_are_found_however_short_a_page_is() {
    let name = "records_are_found_however_short_a_page_is";
    let settings = |url: &str| -> Config {
        let mut config = config(url);
        config.query.default_limit = 2;
        config.query.max_limit = 3;
        config
    };
    on_apps(name, fresh(name).await, settings, register, async |app| {
        let ids = books(app, 8).await;
        let admin = app.login("admin").await;
        let body = json!({"ids": ids, "input": {"percent": "50"}});
        let (status, done) = admin.send("POST", DISCOUNT, body).await;
        assert_eq!((status, &done["affected"]), (200, &json!(8)), "{done}");
    })
    .await;
}

/// Says the titles in the order in which they were read.
fn name_them() -> Action {
    Action::new(
        "name_them",
        "Name them",
        |selection: Selection| async move {
            let rows = selection.rows().await?;
            let titles: Vec<&str> = rows.iter().filter_map(|b| b["title"].as_str()).collect();
            Ok(Done {
                affected: rows.len() as u64,
                message: titles.join(", "),
            })
        },
    )
}

#[tokio::test]
async fn many_records_are_read_with_few_statements_in_the_order_of_their_keys() {
    let name = "many_records_are_read_with_few_statements";
    let settings = |url: &str| -> Config {
        let mut config = config(url);
        config.query.max_in = 4;
        config
    };
    let with = |b| register(b).action::<book::Entity>(name_them());
    on_apps(name, fresh(name).await, settings, with, async |app| {
        let mut ids = books(app, 9).await;
        ids.swap(0, 7);
        let admin = app.login("admin").await;
        for (records, lots) in [(1, 1), (4, 1), (9, 3)] {
            app.statements();
            let body = json!({"ids": ids[..records]});
            let path = "/api/v1/book/_actions/name_them";
            let (status, done) = admin.send("POST", path, body).await;
            assert_eq!(
                (status, &done["affected"]),
                (200, &json!(records)),
                "{done}"
            );
            let order = [7, 1, 2, 3, 4, 5, 6, 0, 8].map(|n: usize| format!("Book {n}"));
            assert_eq!(done["message"], order[..records].join(", "));
            // Whole records are read, and no more than the keys of what was asked for is looked up.
            let whole = |sql: &&String| sql.contains("price") && sql.contains("isbn");
            let ran = app.statements();
            assert_eq!(ran.iter().filter(whole).count(), lots, "{ran:#?}");
        }
    })
    .await;
}
