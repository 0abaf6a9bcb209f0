//! Many exports at once.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::{Got, get, parse_csv};
use crate::house::app::{Session, TestApp};
use crate::house::tuned::{On, tuned};

/// Authors of two countries, enough for several pieces of each.
async fn authors(app: &TestApp, rounds: u32) {
    for country in ["FR", "GB"] {
        let body = json!({"name": format!("of {country}"), "slug": country, "country": country,
            "biography": format!("{country} ").repeat(300)});
        app.make("author", body).await;
    }
    double(app, rounds).await;
}

/// Doubles the authors, by the database itself.
pub(super) async fn double(app: &TestApp, rounds: u32) {
    use sea_orm::{ConnectionTrait as _, DbBackend};
    let db = app.app.engine.db();
    for round in 0..rounds {
        let slug = match db.backend() {
            DbBackend::MySql => format!("CONCAT(slug, '-{round}')"),
            _ => format!("slug || '-{round}'"),
        };
        let sql = format!(
            "INSERT INTO author (name, slug, country, biography, born) \
             SELECT name, {slug}, country, biography, born FROM author"
        );
        db.migrations()
            .execute_unprepared(&sql)
            .await
            .expect("more authors");
    }
}

/// Asks again as long as there are too many.
async fn patiently(session: &Session<'_>, path: &str) -> Got {
    loop {
        let got = get(session, path).await;
        if got.status != 503 {
            return got;
        }
        assert!(!got.header("retry-after").is_empty());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a72_of_fifty_exports_at_once_none_has_a_row_of_another_user() {
    let many = |config: &mut quarterdeck::config::Config| config.database.max_connections = 16;
    tuned("a72_of_fifty_exports_at_once", On::Each, many, async |app| {
        authors(app, 7).await;
        for country in ["FR", "GB"] {
            let grant = json!({"model": "author", "verbs": ["list"], "rows": {"country": country},
                "readable": "all", "writable": []});
            app.user(country, false, json!([grant])).await;
        }
        let (french, british) = (app.login("FR").await, app.login("GB").await);
        let formats = ["csv", "ndjson", "csv", "xlsx", "ndjson"];
        let exports = (0..50).map(|i| {
            let (session, own, other) = if i % 2 == 0 {
                (&french, "FR", "GB")
            } else {
                (&british, "GB", "FR")
            };
            let format = formats[i % formats.len()];
            async move {
                let path = format!("/api/v1/author/_export?format={format}");
                let got = patiently(session, &path).await;
                assert_eq!(got.status, 200);
                let bytes = got.bytes.clone().expect("a whole file");
                match format {
                    "csv" => {
                        let rows = parse_csv(&got.text());
                        assert_eq!(rows.len(), 129);
                        assert!(rows[1..].iter().all(|r| r.contains(&Some(own.to_owned()))));
                    }
                    "ndjson" => assert_eq!(got.text().lines().count(), 128),
                    _ => assert!(bytes.starts_with(b"PK")),
                }
                let text = String::from_utf8_lossy(&bytes).into_owned();
                assert!(!text.contains(&format!("of {other}")), "{own} has rows of {other}");
            }
        });
        join_all(exports).await;
    })
    .await;
}

#[tokio::test]
async fn more_exports_than_half_of_the_connections_are_told_to_come_again() {
    let few = |config: &mut quarterdeck::config::Config| config.database.max_connections = 4;
    tuned(
        "more_exports_than_half_of_the_connections",
        On::Each,
        few,
        async |app| {
            // Far more than the buffers between here and there hold.
            authors(app, 13).await;
            let admin = app.login("admin").await;
            let path = "/api/v1/author/_export";
            let begin = async || {
                let response = admin.request(reqwest::Method::GET, path).send().await;
                response.expect("an answer")
            };
            let (mut first, second) = (begin().await, begin().await);
            assert_eq!(
                (first.status().as_u16(), second.status().as_u16()),
                (200, 200)
            );
            let third = get(&admin, path).await;
            assert_eq!((third.status, third.header("retry-after")), (503, "5"));
            // Everybody else is served.
            let (status, _) = admin.get("/api/v1/author?limit=1&count=none").await;
            assert_eq!(status, 200);
            // A client that goes away in the middle gives its place back; the other goes on.
            drop(second);
            let again = patiently(&admin, "/api/v1/author/_export?slug=FR&fields=slug").await;
            assert_eq!(again.text(), "slug\r\nFR\r\n");
            let mut size = 0;
            while let Some(piece) = first.chunk().await.expect("a piece") {
                size += piece.len();
            }
            assert!(size > 16_384 * 900, "{size}");
        },
    )
    .await;
}
