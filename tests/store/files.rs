//! The files of a SQLite database that is not open: a database of which a part is missing is refused, and
//! one of which nothing is missing is not.

use std::path::Path;

use quarterdeck::error::{Error, Kind};
use quarterdeck::store::{Db, failure};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use tempfile::TempDir;

use crate::house::settings;

/// What a disk that never wrote a part of the file has of it: a beginning.
fn cut(from: &Path, length: usize, with_log: bool) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let mut bytes = std::fs::read(from.join("db")).expect("the file");
    bytes.truncate(length);
    std::fs::write(folder.path().join("db"), bytes).expect("a file");
    if with_log {
        std::fs::copy(from.join("db-wal"), folder.path().join("db-wal")).expect("the log");
    }
    folder
}

async fn connect(folder: &Path) -> Result<Db, Error> {
    let url = format!("sqlite://{}", folder.join("db").display());
    Db::connect(&settings(url)).await
}

/// Every byte of the table.
async fn content(folder: &Path) -> Result<String, Error> {
    let db = connect(folder).await?;
    let sql = "SELECT group_concat(id || ':' || hex(body)) FROM note ORDER BY id";
    let statement = Statement::from_string(DbBackend::Sqlite, sql);
    let row = db.reader().query_one_raw(statement).await;
    let row = row.map_err(failure::plain)?.expect("a row");
    let content = row.try_get_by_index(0).map_err(failure::plain);
    db.close().await;
    content
}

/// A file that has a part of the pages, and a log that has another, copied as a power cut leaves them.
async fn database() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let db = connect(folder.path()).await.expect("a database");
    let insert = "INSERT INTO note (body) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 \
                  FROM n WHERE i < 12) SELECT randomblob(i * 1500) FROM n";
    for sql in [
        "CREATE TABLE note (id INTEGER PRIMARY KEY, body BLOB)",
        insert,
        "PRAGMA wal_checkpoint(TRUNCATE)",
        // In the file: pages that are in use, that are free, and that the log has anew.
        "DELETE FROM note WHERE id IN (3, 9)",
        "UPDATE note SET body = randomblob(9000) WHERE id = 12",
        insert,
        // A page that came and went.
        "BEGIN; CREATE TABLE short (a); DROP TABLE short; COMMIT",
        "DELETE FROM note WHERE id = 24",
    ] {
        let done = db.migrations().execute_unprepared(sql).await;
        done.expect(sql);
    }
    let copied = TempDir::new().expect("a folder");
    for name in ["db", "db-wal"] {
        std::fs::copy(folder.path().join(name), copied.path().join(name)).expect("a copy");
    }
    db.close().await;
    copied
}

#[tokio::test]
async fn d03_a_file_that_was_cut_off_is_refused_unless_its_log_has_what_is_missing() {
    let whole = database().await;
    let path = whole.path().join("db");
    let length = usize::try_from(path.metadata().expect("a file").len()).expect("a length");
    let kept = cut(whole.path(), length, true);
    let wanted = content(kept.path()).await.expect("the whole database");
    let (mut opened, mut refused) = (0, 0);
    for end in (0..length).step_by(2048) {
        let folder = cut(whole.path(), end, true);
        let before = std::fs::read(folder.path().join("db-wal")).expect("the log");
        match content(folder.path()).await {
            Ok(found) => {
                assert_eq!(found, wanted, "cut at {end}");
                opened += 1;
            }
            Err(e) => {
                assert_eq!((e.kind, e.code), (Kind::Unavailable, "damaged"), "{end}");
                let file = folder.path().join("db").metadata().expect("a file");
                let after = std::fs::read(folder.path().join("db-wal")).expect("the log");
                assert!(file.len() == end as u64 && after == before, "cut at {end}");
                refused += 1;
            }
        }
    }
    // Of the last pages some are in the log.
    assert!(opened > 0 && refused > 0, "{opened} {refused}");
}

#[tokio::test]
async fn d03_a_file_without_a_log_is_refused_wherever_it_was_cut_off() {
    let whole = database().await;
    // Opened and closed, it has all that was in its log.
    let wanted = content(whole.path()).await.expect("the whole database");
    assert!(!whole.path().join("db-wal").exists());
    let path = whole.path().join("db");
    let length = usize::try_from(path.metadata().expect("a file").len()).expect("a length");
    for end in (2048..length).step_by(2048) {
        let folder = cut(whole.path(), end, false);
        let error = content(folder.path()).await.expect_err("a cut file");
        assert_eq!(error.code, "damaged", "cut at {end}");
    }
    let folder = cut(whole.path(), length, false);
    assert_eq!(content(folder.path()).await.expect("all of it"), wanted);
}

#[tokio::test]
async fn d03_a_file_that_was_emptied_beside_its_log_is_refused_and_the_log_stays() {
    let folder = TempDir::new().expect("a folder");
    let db = connect(folder.path()).await.expect("a database");
    let create = "CREATE TABLE note (id INTEGER PRIMARY KEY, body BLOB)";
    let done = db.migrations().execute_unprepared(create).await;
    done.expect("a table");
    let log = std::fs::read(folder.path().join("db-wal")).expect("the log");
    let emptied = cut(folder.path(), 0, true);
    db.close().await;
    let error = connect(emptied.path()).await.expect_err("no database");
    assert_eq!(error.code, "damaged");
    let kept = std::fs::read(emptied.path().join("db-wal")).expect("the log");
    assert!(kept == log, "the log was changed");
}
