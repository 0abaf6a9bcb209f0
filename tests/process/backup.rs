//! `backup`, while money is moved.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};

use super::{Place, Ran, Served};
use crate::house::fresh;

/// What each pair of accounts has between them.
const EACH: i64 = 1_000;
const PAIRS: usize = 8;

/// A client of one server.
#[derive(Clone)]
struct Client {
    client: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    fn of(served: &Served, token: &str) -> Self {
        Self {
            client: reqwest::Client::builder()
                .timeout(std::time::Duration::from_secs(300))
                .build()
                .expect("a client"),
            base: served.url("/api/v1"),
            token: token.to_owned(),
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}/{path}", self.base));
        let request = request.header("x-api-key", &self.token).json(body);
        let answer = request.send().await.expect("an answer");
        let (status, json) = crate::house::app::answer(answer).await;
        assert!(matches!(status, 200 | 201), "{json}");
        json
    }
}

/// Categories are the accounts, their positions what is in them; the ids of each pair.
async fn accounts(client: &Client) -> Vec<[Value; 2]> {
    let mut pairs = Vec::new();
    for pair in 0..PAIRS {
        let mut ids = [Value::Null, Value::Null];
        for (n, id) in ids.iter_mut().enumerate() {
            let slug = format!("account-{pair}-{n}");
            let has = if n == 0 { EACH } else { 0 };
            let body = json!({"name": "Account", "slug": slug, "position": has});
            *id = client.post("category", &body).await["id"].clone();
        }
        pairs.push(ids);
    }
    pairs
}

/// Moves money to and fro between two accounts until it is told to stop.
async fn transfer(client: Client, ids: [Value; 2], stop: Arc<AtomicBool>, moved: Arc<AtomicUsize>) {
    for n in 1.. {
        let there = n * 7 % EACH;
        let operation =
            |id: &Value, has: i64| json!({"verb": "patch", "id": id, "data": {"position": has}});
        let both = [operation(&ids[0], EACH - there), operation(&ids[1], there)];
        client
            .post("category/_bulk", &json!({"operations": both}))
            .await;
        moved.fetch_add(1, Ordering::SeqCst);
        if stop.load(Ordering::SeqCst) {
            return;
        }
    }
}

async fn open(file: &Path) -> DatabaseConnection {
    let url = format!("sqlite://{}", file.display());
    Database::connect(url).await.expect("the copy")
}

pub(super) async fn number(db: &DatabaseConnection, sql: &str) -> i64 {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await.expect("an answer");
    row.expect("a row").try_get_by_index(0).expect("a number")
}

/// Each pair has what it had.
async fn check_sums(file: &Path) {
    let db = open(file).await;
    for pair in 0..PAIRS {
        let sql = format!("SELECT SUM(position) FROM category WHERE slug LIKE 'account-{pair}-%'");
        assert_eq!(number(&db, &sql).await, EACH, "{} {pair}", file.display());
    }
    db.close().await.expect("closed");
}

/// Starts on a copy that is where another server's database would be.
fn restored(copy: &Path) -> Place {
    let place = Place::new();
    std::fs::copy(copy, place.database()).expect("restored");
    place
}

fn ok(ran: &Ran) {
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn d31_a_backup_made_while_money_moves_is_of_one_moment_and_a_server_starts_on_it() {
    let place = Place::new();
    let token = place.token();
    let served = place.serve(&[("QUARTERDECK_LOG_LEVEL", "warn")], &["--demo"]);
    let client = Client::of(&served, &token);
    let (stop, moved) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let movers: Vec<_> = accounts(&client)
        .await
        .into_iter()
        .map(|ids| {
            tokio::spawn(transfer(
                client.clone(),
                ids,
                Arc::clone(&stop),
                Arc::clone(&moved),
            ))
        })
        .collect();
    let mut copies = Vec::new();
    for n in 0..4 {
        let before = moved.load(Ordering::SeqCst);
        while moved.load(Ordering::SeqCst) < before + 40 {
            assert!(movers.iter().all(|m| !m.is_finished()), "a transfer failed");
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        let known = moved.load(Ordering::SeqCst);
        let name = format!("copy {n}?%20.db");
        let made = place.run(&["backup", &name]);
        ok(&made);
        assert!(made.out.starts_with(&format!("{name}: ")), "{made:?}");
        let lost = moved.load(Ordering::SeqCst) - known;
        println!(
            "RPO: {lost} transfers since it was begun; {}",
            made.out.trim_end()
        );
        copies.push((place.path().join(name), known));
    }
    stop.store(true, Ordering::SeqCst);
    for mover in movers {
        mover.await.expect("every transfer was done");
    }
    // Nothing is left over but the copies, and each is one file.
    let files = std::fs::read_dir(place.path()).expect("a folder").flatten();
    let mut files: Vec<_> = files
        .map(|f| f.file_name().into_string().unwrap())
        .collect();
    files.retain(|name| !name.starts_with("desk.sqlite"));
    assert_eq!(files.len(), copies.len(), "{files:?}");

    for (copy, known) in &copies {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(copy)
                .expect("a file")
                .permissions()
                .mode();
            assert_eq!(mode & 0o077, 0, "others may read it: {mode:o}");
        }
        let begun = Instant::now();
        let other = restored(copy);
        check_sums(&other.database()).await;
        ok(&other.run(&["audit", "verify"]));
        ok(&other.run(&["doctor", "--demo"]));
        let again = other.serve(&[], &["--demo"]);
        println!("RTO: {:?}", begun.elapsed());
        // What was acknowledged before is in it, and it goes on from there.
        let db = open(&other.database()).await;
        let sql = "SELECT COUNT(*) / 2 FROM qd_audit WHERE model = 'category' AND verb = 'patch'";
        let known = i64::try_from(*known).expect("a count");
        assert!(number(&db, sql).await >= known);
        db.close().await.expect("closed");
        let body = json!({"name": "New", "slug": "new", "position": 0});
        Client::of(&again, &token).post("category", &body).await;
        again.signal("-TERM");
        assert_eq!(
            tokio::task::spawn_blocking(|| again.end()).await.unwrap().0,
            Some(0)
        );
        ok(&other.run(&["audit", "verify"]));
    }
    let taken = place.run(&["backup", "desk.sqlite"]);
    assert_eq!((taken.code, taken.out.as_str()), (1, ""), "{taken:?}");
    check_sums(&place.database()).await;
}

#[tokio::test]
async fn d31_a_backup_that_was_cut_off_is_refused() {
    let place = Place::new();
    place.token();
    ok(&place.run(&["migrate", "--demo"]));
    ok(&place.run(&["backup", "good.db"]));
    let good = std::fs::read(place.path().join("good.db")).expect("the copy");
    let (length, page) = (good.len(), 4_096);
    for cut in [
        1,
        99,
        100,
        page - 1,
        page,
        length / 2,
        length - page,
        length - page / 2,
        length - 1,
    ] {
        let other = Place::new();
        std::fs::write(other.database(), &good[..cut]).expect("a part of it");
        for arguments in [
            &["doctor", "--demo"][..],
            &["audit", "verify"],
            &["serve", "--bind", "127.0.0.1:0", "--demo"],
            &["backup", "of-it.db"],
        ] {
            let refused = other.run(arguments);
            assert_eq!(
                refused.code, 1,
                "{cut} of {length}: {arguments:?} {refused:?}"
            );
            let text = refused.out + &refused.err;
            let is_told = ["damaged", "cannot be reached"]
                .iter()
                .any(|word| text.contains(word));
            assert!(is_told && !text.contains("panicked"), "{cut}: {text}");
        }
        assert!(!other.path().join("of-it.db").exists());
    }
}

#[tokio::test]
async fn d31_a_database_that_is_damaged_is_not_backed_up() {
    let place = Place::new();
    place.token();
    ok(&place.run(&["migrate", "--demo"]));
    let db = open(&place.database()).await;
    let root = number(
        &db,
        "SELECT rootpage FROM sqlite_schema WHERE name = 'qd_role'",
    )
    .await;
    db.close().await.expect("closed");
    let mut bytes = std::fs::read(place.database()).expect("the file");
    let page = usize::try_from(root - 1).expect("a page") * 4_096;
    bytes[page..page + 4_096].fill(7);
    std::fs::write(place.database(), bytes).expect("written");
    for arguments in [&["backup", "copy.db"][..], &["doctor", "--demo"]] {
        let refused = place.run(arguments);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.err.contains("damaged"), "{refused:?}");
    }
    assert!(!place.path().join("copy.db").exists());
}

#[tokio::test]
async fn d31_of_a_server_its_own_program_makes_the_backup() {
    let name = "d31_of_a_server_its_own_program_makes_the_backup";
    for database in fresh(name).await {
        let place = Place::new();
        let file = place.path().join("copy");
        let refused = place.run(&["--database-url", &database.url, "backup", "copy"]);
        assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{refused:?}");
        let word = match database.url.split(':').next() {
            // It is not there yet.
            Some("sqlite") => "There is no database",
            Some("postgres" | "postgresql") => "pg_dump",
            _ => "mariadb-dump",
        };
        assert!(refused.err.contains(word), "{refused:?}");
        assert!(!file.exists());
        database.remove().await;
    }
}
