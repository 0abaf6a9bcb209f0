//! `kill -9`.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, Statement};
use serde_json::json;

use super::{Place, Served};

/// Rounds, each with another moment of death; `QUARTERDECK_TEST_ROUNDS` for more.
fn rounds() -> usize {
    let asked = std::env::var("QUARTERDECK_TEST_ROUNDS").ok();
    asked.and_then(|n| n.parse().ok()).unwrap_or(200)
}

async fn open(place: &Place) -> DatabaseConnection {
    let url = format!("sqlite://{}?mode=ro", place.database().display());
    Database::connect(url).await.expect("the database")
}

async fn texts(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(statement).await.expect("rows");
    rows.iter()
        .map(|row| row.try_get_by_index(0).expect("a text"))
        .collect()
}

/// The slugs of the authors that are in the database.
pub(super) async fn slugs(place: &Place) -> BTreeSet<String> {
    let db = open(place).await;
    let all = texts(&db, "SELECT slug FROM author").await;
    db.close().await.expect("closed");
    all.into_iter().collect()
}

/// Writes authors until the server is gone, noting each that was acknowledged.
async fn write(url: String, token: String, name: String, acked: Arc<Mutex<Vec<String>>>) {
    let client = reqwest::Client::new();
    for n in 0.. {
        let slug = format!("{name}-{n}");
        let body = json!({"name": "Ada", "slug": slug, "country": "GB"});
        let sent = client
            .post(&url)
            .header("x-api-key", &token)
            .json(&body)
            .send()
            .await;
        match sent {
            Ok(response) if response.status() == 201 => acked.lock().unwrap().push(slug),
            Ok(response) => panic!("{}", response.status()),
            Err(_) => return,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d01_no_acknowledged_write_is_lost_when_the_process_is_killed() {
    let place = Place::new();
    let token = place.token();
    let acked: Arc<Mutex<Vec<String>>> = Arc::default();
    for round in 0..rounds() {
        // The start after a crash is the recovery.
        let served: Served = place.serve(&[("QUARTERDECK_LOG_LEVEL", "warn")], &["--demo"]);
        let url = served.url("/api/v1/author");
        let before = acked.lock().unwrap().len();
        let writers: Vec<_> = (0..16)
            .map(|w| {
                let name = format!("r{round}w{w}");
                tokio::spawn(write(url.clone(), token.clone(), name, Arc::clone(&acked)))
            })
            .collect();
        // Another moment in each round: after that many answers, whatever is under way.
        let wanted = before + 1 + round * 7 % 40;
        while acked.lock().unwrap().len() < wanted {
            tokio::task::yield_now().await;
        }
        served.signal("-KILL");
        assert_eq!(served.end().0, None);
        for writer in writers {
            writer.await.expect("only the connection broke");
        }
        if round % 10 != 9 && round + 1 != rounds() {
            continue;
        }
        let stored = slugs(&place).await;
        for slug in acked.lock().unwrap().iter() {
            assert!(
                stored.contains(slug),
                "round {round}: {slug} was acknowledged"
            );
        }
    }
    let verified = place.run(&["audit", "verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    let db = open(&place).await;
    assert_eq!(texts(&db, "PRAGMA integrity_check").await, ["ok"]);
    assert_eq!(
        texts(&db, "SELECT \"table\" FROM pragma_foreign_key_check").await,
        Vec::<String>::new()
    );
    let made = "SELECT CAST(id AS TEXT) FROM author ORDER BY id";
    let audited =
        "SELECT record_id FROM qd_audit WHERE model = 'author' ORDER BY CAST(record_id AS INTEGER)";
    assert_eq!(texts(&db, made).await, texts(&db, audited).await);
    db.close().await.expect("closed");
}
