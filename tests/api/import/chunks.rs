//! `atomic=false`: every good row, in lots.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use quarterdeck::error::Error;
use quarterdeck::hook::{Hook, Write};
use quarterdeck::model::patch::Changes;
use quarterdeck::model::{ModelMeta, value};
use quarterdeck::store::Tx;
use serde_json::json;

use super::{CSV, authors, import};
use crate::house::app::on_each_app;

fn file(rows: usize) -> String {
    let mut out = String::from("name,slug,country\n");
    for i in 0..rows {
        let _ = writeln!(out, "A,a{i},GB");
    }
    out
}

#[tokio::test]
async fn every_good_row_is_written_and_every_other_reported() {
    let name = "every_good_row_is_written_and_every_other_reported";
    on_each_app(
        name,
        |b| b,
        async |app| {
            app.make(
                "author",
                json!({"name": "A", "slug": "a700", "country": "GB"}),
            )
            .await;
            let admin = app.login("admin").await;
            let done = authors(
                &admin,
                "atomic=false",
                &file(1_200).replace("a3,GB", "a3,GBR"),
            )
            .await;
            assert_eq!(done.status, 200, "{}", done.text);
            let told = done.json();
            let count = |name: &str| told[name].as_u64().expect("a number");
            assert_eq!(
                (count("rows"), count("created"), count("failed")),
                (1_200, 1_198, 2)
            );
            assert_eq!(
                done.faults(),
                ["/rows/3/country too_long", "/rows/700/slug unique"]
            );
            assert!(done.text.contains("Line 702, column"), "{}", done.text);
            let (_, all) = admin.get("/api/v1/author?count=exact").await;
            assert_eq!(all["page"]["count"], 1_199);
            // A lot is a change set.
            let heads =
                "/api/v1/qd_audit?model=author&door=rest&change_set__isnull=true&count=exact";
            assert_eq!(admin.get(heads).await.1["page"]["count"], 3);
        },
    )
    .await;
}

/// Fails once, at the author with the slug `a700`.
struct Stumbling(Arc<AtomicBool>);

#[async_trait]
impl Hook for Stumbling {
    fn id(&self) -> &'static str {
        "stumbling"
    }

    fn concerns(&self, model: &ModelMeta) -> bool {
        model.slug == "author"
    }

    async fn before(&self, _: &Tx, write: &Write<'_>, changes: &mut Changes) -> Result<(), Error> {
        let slug = write.model.field("slug").expect("a field");
        let mut values = changes.values.iter();
        let is_it = values.any(|(f, v)| *f == slug && value::to_text(v).as_deref() == Some("a700"));
        match is_it && !self.0.swap(true, Ordering::SeqCst) {
            true => Err(Error::internal("stumbled")),
            false => Ok(()),
        }
    }
}

#[tokio::test]
async fn d25_what_broke_off_goes_on_where_it_was() {
    let name = "d25_what_broke_off_goes_on_where_it_was";
    let stumbled: Arc<AtomicBool> = Arc::default();
    let hook = Arc::clone(&stumbled);
    on_each_app(
        name,
        move |b| {
            hook.store(false, Ordering::SeqCst);
            b.hook(Stumbling(Arc::clone(&hook)))
        },
        async |app| {
            let admin = app.login("admin").await;
            let key = [("idempotency-key", "k-1")];
            let send = async || import(&admin, "author?atomic=false", CSV, file(1_200), &key).await;
            assert_eq!(send().await.status, 500);
            let (_, some) = admin.get("/api/v1/author?count=exact").await;
            assert_eq!(some["page"]["count"], 500, "the first lot stands");
            let done = send().await;
            let told = done.json();
            assert_eq!(
                (&told["created"], &told["failed"]),
                (&json!(1_200), &json!(0)),
                "{told}"
            );
            assert_eq!(done.header("idempotency-replayed"), "");
            let (_, all) = admin.get("/api/v1/author?count=exact").await;
            assert_eq!(all["page"]["count"], 1_200);
            let again = send().await;
            assert_eq!(
                (again.header("idempotency-replayed"), &again.text),
                ("true", &done.text)
            );
        },
    )
    .await;
}

#[tokio::test]
async fn thousands_of_rows_take_few_statements() {
    on_each_app(
        "thousands_of_rows_take_few_statements",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            app.statements();
            let done = authors(&admin, "", &file(2_000)).await;
            assert_eq!(done.json()["created"], 2_000, "{:.300}", done.text);
            let statements = app.statements().len();
            // MariaDB's driver gives no rows back from an INSERT: there it is two for each.
            let rows_come_back = app.app.engine.db().backend() != sea_orm::DbBackend::MySql;
            assert!(!rows_come_back || statements < 100, "{statements}");
        },
    )
    .await;
}
