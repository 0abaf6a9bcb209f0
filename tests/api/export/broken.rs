//! Exports that do not get to their end.

use sea_orm::ConnectionTrait as _;
use serde_json::json;

use super::crowd::double;
use super::get;
use crate::api::sample::call;
use crate::house::app::config;
use crate::house::app::on_apps;
use crate::house::on_sqlite;

/// SQLite takes anything into any column: a row that cannot be read.
const UNREADABLE: &str = "INSERT INTO author (name, slug, country, born) VALUES \
                          ('z', 'z', 'GB', 'no day')";

#[tokio::test]
async fn what_breaks_off_in_the_middle_is_not_taken_for_the_whole() {
    let build = quarterdeck::demo::register;
    on_apps(
        "what_breaks_off",
        vec![on_sqlite()],
        config,
        build,
        async |app| {
            let long =
                json!({"name": "A", "slug": "a", "country": "GB", "biography": "x".repeat(1000)});
            app.make("author", long).await;
            double(app, 8).await;
            let db = app.app.engine.db();
            db.migrations()
                .execute_unprepared(UNREADABLE)
                .await
                .expect("a row");
            let admin = app.login("admin").await;
            for format in ["csv", "ndjson"] {
                let path = format!("/api/v1/author/_export?format={format}&sort=id");
                let got = get(&admin, &path).await;
                assert_eq!(got.status, 200);
                assert!(got.bytes.is_err(), "{format}");
                // Before the first bytes it is a problem like any other.
                let path = format!("/api/v1/author/_export?format={format}&slug=z");
                let reply = call(&admin, ("GET", &path), &[], None).await;
                assert_eq!(reply.status, 500, "{}", reply.text);
            }
            // A workbook has no first bytes before its last.
            let path = "/api/v1/author/_export?format=xlsx";
            let reply = call(&admin, ("GET", path), &[], None).await;
            assert_eq!(reply.status, 500, "{}", reply.text);
            // No place and no connection was lost.
            let good = get(&admin, "/api/v1/author/_export?slug=a&fields=slug").await;
            assert_eq!(good.text(), "slug\r\na\r\n");
        },
    )
    .await;
}
