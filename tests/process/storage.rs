//! What the program is built with, and a database file that somebody else has written into.

use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use super::Place;
use crate::house::app::{TestApp, config};
use crate::house::on_sqlite;
use crate::house::tuned::{On, tuned};

pub(super) async fn text(db: &impl ConnectionTrait, sql: &str) -> String {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await.expect("an answer");
    let row = row.expect("a row");
    row.try_get_by_index::<String>(0)
        .or_else(|_| row.try_get_by_index::<i64>(0).map(|n| n.to_string()))
        .expect("a text or a number")
}

async fn check_sqlite(connection: &impl ConnectionTrait) {
    let version = text(connection, "SELECT sqlite_version()").await;
    let parts: Vec<u32> = version
        .split('.')
        .map(|p| p.parse().expect("a number"))
        .collect();
    assert!(parts >= vec![3, 51, 3], "{version}");
    assert_eq!(text(connection, "PRAGMA journal_mode").await, "wal");
    // Mapped memory and many writers do not go together; none is the default.
    assert_eq!(text(connection, "PRAGMA mmap_size").await, "0");
    assert_eq!(text(connection, "PRAGMA foreign_keys").await, "1");
}

#[tokio::test]
async fn a83_the_sqlite_that_is_built_in_has_its_write_ahead_log_mended_and_maps_no_memory() {
    let name = "a83_the_sqlite_that_is_built_in";
    tuned(
        name,
        On::Sqlite,
        |_| {},
        async |app| {
            let db = app.app.engine.db();
            check_sqlite(db.reader()).await;
            check_sqlite(db.migrations()).await;
        },
    )
    .await;
}

/// Settings that every acknowledged write depends on are those of the program as it is shipped.
#[tokio::test]
async fn d01_a_commit_waits_for_the_disk_unless_the_settings_say_otherwise() {
    let database = on_sqlite();
    let mut settings = config(&database.url);
    settings.database.sqlite_synchronous = quarterdeck::config::Config::default()
        .database
        .sqlite_synchronous;
    let app = TestApp::start(settings, |b| b).await;
    let writer = app.app.engine.db().migrations();
    // 2 is FULL.
    assert_eq!(text(writer, "PRAGMA synchronous").await, "2");
    app.stop().await;
}

#[tokio::test]
async fn a87_text_that_is_not_utf8_in_a_sqlite_file_is_shown_and_breaks_nothing() {
    let name = "a87_text_that_is_not_utf8_in_a_sqlite_file";
    tuned(
        name,
        On::Sqlite,
        |_| {},
        async |app| {
            for slug in ["first", "odd", "last"] {
                let body = json!({"name": slug, "slug": slug, "country": "GB", "biography": "b"});
                app.make("author", body).await;
            }
            let event = json!({"isbn": "9780000000001", "title": "Notes", "author_id": 1,
                "price": "1.00", "pages": 10, "language": "en", "metadata": {"a": 1}});
            app.make("book", event).await;
            let db = app.app.engine.db().migrations();
            for sql in [
                "UPDATE author SET name = CAST(X'61FF62' AS TEXT), biography = CAST(X'C328' AS TEXT), \
                 country = CAST(X'F0' AS TEXT), slug = CAST(X'6FC0AF' AS TEXT) WHERE slug = 'odd'",
                "UPDATE book SET title = CAST(X'EDA080' AS TEXT), subtitle = X'FF00FF'",
            ] {
                db.execute_unprepared(sql).await.expect("an update");
            }
            let admin = app.login("admin").await;
            let (status, page) = admin.get("/api/v1/author?sort=id").await;
            assert_eq!(status, 200, "{page}");
            let names: Vec<&Value> = page["data"].as_array().expect("records").iter().map(|r| &r["name"]).collect();
            assert_eq!(names, [&json!("first"), &json!("a\u{fffd}b"), &json!("last")]);
            // On every path that shows, compares, sorts or pages by it.
            for path in [
                "/api/v1/author/2",
                "/api/v1/author?sort=name&limit=1",
                "/api/v1/author?sort=-biography&limit=1",
                "/api/v1/author?name__icontains=a",
                "/api/v1/author?q=ab",
                "/api/v1/author?expand=book",
                "/api/v1/book?expand=author",
                "/api/v1/book?sort=title",
                "/admin/author",
                "/admin/author/2",
                "/admin/book",
                "/admin/book/1",
                "/admin/author/2/delete",
            ] {
                let (status, body) = admin.get(path).await;
                assert_eq!(status, 200, "{path}: {body}");
            }
            // A list is read to its end over it.
            let (mut path, mut seen) = ("/api/v1/author?limit=1".to_owned(), 0);
            loop {
                let (status, page) = admin.get(&path).await;
                assert_eq!(status, 200, "{path}: {page}");
                seen += 1;
                match page["page"]["next"].as_str() {
                    Some(next) => path = format!("/api/v1/author?limit=1&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(seen, 3);
            // Other rows are written as ever.
            let body = json!({"biography": "ok"});
            assert_eq!(admin.send("PATCH", "/api/v1/author/3", body).await.0, 200);
            assert_eq!(admin.get("/api/v1/qd_audit?limit=100").await.0, 200);
        },
    )
    .await;
}

/// The manifests, as they are beside this test.
fn manifest(path: &str) -> toml::Table {
    let root = env!("CARGO_MANIFEST_DIR");
    let text = std::fs::read_to_string(format!("{root}/{path}")).expect("a manifest");
    text.parse().expect("TOML")
}

#[test]
fn r64_our_code_is_safe_rust_and_a_release_checks_its_arithmetic_and_survives_a_panic() {
    let root = manifest("Cargo.toml");
    let workspace = &root["workspace"];
    assert_eq!(
        workspace["lints"]["rust"]["unsafe_code"].as_str(),
        Some("forbid")
    );
    let members = workspace["members"].as_array().expect("members");
    let members = members
        .iter()
        .map(|m| format!("{}/Cargo.toml", m.as_str().expect("a path")));
    for path in members.chain(["Cargo.toml".to_owned()]) {
        let inherits = manifest(&path);
        assert_eq!(
            inherits["lints"]["workspace"].as_bool(),
            Some(true),
            "{path}"
        );
    }
    let release = &root["profile"]["release"];
    assert_eq!(release["overflow-checks"].as_bool(), Some(true));
    assert_eq!(release["panic"].as_str(), Some("unwind"));
    // What others inherit from it they do not take back.
    for (name, profile) in root["profile"].as_table().expect("profiles") {
        for (key, safe) in [
            ("overflow-checks", toml::Value::from(true)),
            ("panic", toml::Value::from("unwind")),
        ] {
            let own = profile.get(key);
            assert!(own.is_none_or(|v| *v == safe), "{name}: {key}");
        }
    }
    // And so is this very build.
    let most = std::hint::black_box(i32::MAX);
    let caught = std::panic::catch_unwind(|| most + std::hint::black_box(1));
    assert!(caught.is_err(), "overflow is not checked");
}

/// The database file is settled when the server starts; no request names one (A51).
#[tokio::test]
async fn a51_no_request_opens_a_file() {
    let place = Place::new();
    let token = place.token();
    let served = place.serve(&[], &["--demo"]);
    let client = reqwest::Client::new();
    for name in [
        "desk.sqlite",
        "..%2fdesk.sqlite",
        "file:desk.sqlite",
        "sqlite:%2f%2fdesk.sqlite",
    ] {
        for path in [
            format!("/static/{name}"),
            format!("/api/v1/{name}"),
            format!("/admin/{name}"),
            format!("/{name}"),
        ] {
            let request = client.get(served.url(&path)).header("x-api-key", &token);
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), 404, "{path}");
            let bytes = answer.bytes().await.expect("a body");
            assert!(!bytes.starts_with(b"SQLite format 3"), "{path}");
        }
    }
}
