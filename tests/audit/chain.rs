//! One chain, whoever writes and whoever seals.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::house::app::on_each_app;

use super::stage::{number, on_each, verified, write};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r58_32_writers_and_three_sealers_make_one_chain() {
    let name = "r58_32_writers_and_three_sealers_make_one_chain";
    on_each(name, async |app| {
        let done = Arc::new(AtomicBool::new(false));
        let sealing: Vec<_> = (0..3)
            .map(|_| {
                let (mut sealer, done) = (app.sealer(), Arc::clone(&done));
                tokio::spawn(async move {
                    let mut rows = 0;
                    loop {
                        let last = done.load(Ordering::SeqCst);
                        rows += sealer.seal().await.expect("sealed");
                        if last {
                            return rows;
                        }
                    }
                })
            })
            .collect();
        let writing = (0..32).map(|_| {
            let app = app.clone();
            tokio::spawn(async move { write(&app, 10).await })
        });
        for writer in writing.collect::<Vec<_>>() {
            writer.await.expect("written");
        }
        done.store(true, Ordering::SeqCst);
        let mut sealed = 0;
        for sealer in sealing {
            sealed += sealer.await.expect("an end");
        }
        let report = verified(app, None).await.unwrap();
        assert_eq!((report.rows, report.unsealed, sealed), (320, 0, 320));
        assert_eq!(number(app, "SELECT COUNT(*) FROM qd_audit").await, 320);
    })
    .await;
}

#[tokio::test]
async fn r58_a_server_seals_what_it_writes_and_shows_the_seals_without_their_secrets() {
    let name = "r58_a_server_seals_what_it_writes_and_shows_the_seals_without_their_secrets";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let body = json!({"name": "Ada", "slug": "ada", "country": "GB"});
            let (status, _) = admin.send("POST", "/api/v1/author", body).await;
            assert_eq!(status, 201);
            let highest = number(&app.app, "SELECT MAX(id) FROM qd_audit").await;
            let seals = loop {
                let (status, seals) = admin.get("/api/v1/qd_audit_seal").await;
                assert_eq!(status, 200);
                if seals["data"][0]["highest"].as_i64() >= Some(highest) {
                    break seals;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            };
            let last = seals["data"][0].as_object().unwrap();
            let names: Vec<&str> = last.keys().map(String::as_str).collect();
            assert_eq!(
                names,
                ["id", "at", "rows", "highest", "ranges", "gaps", "head"]
            );
            let report = verified(&app.app, last["head"].as_str()).await.unwrap();
            assert_eq!(Some(report.head.as_str()), last["head"].as_str());
            let id = &last["id"];
            for method in ["PATCH", "PUT", "DELETE"] {
                let path = format!("/api/v1/qd_audit_seal/{id}");
                assert_eq!(
                    admin.send(method, &path, json!({})).await.0,
                    405,
                    "{method}"
                );
            }
        },
    )
    .await;
}
