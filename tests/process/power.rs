//! The power goes: of the files that were being written the last part is missing, or is not what was
//! written.
//!
//! The server is stopped in the middle of its work, as by a breakpoint, and its files are copied as they
//! are. What a disk may then have made of their ends is done to copies of the copy, by chance that begins
//! at `QUARTERDECK_TEST_SEED`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quarterdeck::audit::{SealKey, verify};
use quarterdeck::auth::state::stored_signing_key;
use quarterdeck::error::{Error, Kind};
use quarterdeck::store::{Db, failure};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use serde_json::{Value, json};

use super::{Place, Served};
use crate::house::settings;

/// Moments at which the power goes.
const MOMENTS: usize = 8;

/// What may come of each, `QUARTERDECK_TEST_ROUNDS` in all if there are to be more.
fn rounds() -> usize {
    let asked = std::env::var("QUARTERDECK_TEST_ROUNDS").ok();
    let asked = asked.and_then(|n| n.parse::<usize>().ok()).unwrap_or(200);
    asked.div_ceil(MOMENTS)
}

/// Chance that can be repeated (SplitMix64).
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        let asked = std::env::var("QUARTERDECK_TEST_SEED").ok();
        Self(asked.and_then(|n| n.parse().ok()).unwrap_or(20))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let drawn = (z ^ (z >> 31)) % (end.max(1) as u64);
        usize::try_from(drawn).expect("less than the end")
    }
}

/// A page of the log with its head.
const FRAME: usize = 4096 + 24;

/// What a disk makes of the end of a file.
#[derive(Debug, Clone, Copy)]
enum Harm {
    /// Nothing: only the process died.
    None,
    /// The log ends earlier.
    LogShorter,
    /// Some bits of the log's end are others.
    LogFlipped,
    /// The log is as long as it was, but of its end nothing was written.
    LogZeros,
    /// What was on the disk before follows the log.
    LogLonger,
    /// The index of the log is anything.
    Index,
    /// The file itself ends earlier.
    FileShorter,
}

const HARMS: [Harm; 7] = [
    Harm::None,
    Harm::LogShorter,
    Harm::LogFlipped,
    Harm::LogZeros,
    Harm::LogLonger,
    Harm::Index,
    Harm::FileShorter,
];

fn beside(database: &Path, end: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn change(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(file).unwrap_or_default();
    change(&mut bytes);
    std::fs::write(file, bytes).expect("a file");
}

/// Where the log ends that is in force: behind it is what an earlier round of it has left. Its frames
/// bear the two numbers that its head has.
fn end_of_log(bytes: &[u8]) -> usize {
    let salt = |at: usize| bytes.get(at..at + 8);
    let mut end = 32;
    while bytes.len() >= end + FRAME && salt(end + 8) == salt(16) {
        end += FRAME;
    }
    end.min(bytes.len())
}

/// A place within the last frames before `end`.
fn near(end: usize, frames: usize, chance: &mut Chance) -> usize {
    end - chance.below(end.min(frames * FRAME))
}

fn harm(database: &Path, harm: Harm, chance: &mut Chance) {
    let log = beside(database, "-wal");
    match harm {
        Harm::None => {}
        Harm::LogShorter => change(&log, |bytes| {
            let end = near(end_of_log(bytes), 60, chance);
            bytes.truncate(end);
        }),
        Harm::LogFlipped => change(&log, |bytes| {
            // Eight bytes that the log's checksum takes at once: it is a sum, which finds any change of them,
            // but misses one in three of the pairs of highest bits that are further apart.
            let eight = near(end_of_log(bytes), 20, chance) & !7;
            for _ in 0..=chance.below(8) {
                if let Some(byte) = bytes.get_mut(eight + chance.below(8)) {
                    *byte ^= 1 << chance.below(8);
                }
            }
        }),
        Harm::LogZeros => change(&log, |bytes| {
            let at = near(end_of_log(bytes), 20, chance);
            bytes[at..].fill(0);
        }),
        Harm::LogLonger => change(&log, |bytes| {
            let more = chance.below(3 * FRAME);
            bytes.extend((0..more).map(|_| u8::try_from(chance.below(256)).expect("a byte")));
        }),
        Harm::Index => change(&beside(database, "-shm"), |bytes| {
            for byte in bytes.iter_mut() {
                *byte = u8::try_from(chance.below(256)).expect("a byte");
            }
        }),
        Harm::FileShorter => change(database, |bytes| {
            let end = near(bytes.len(), 4, chance);
            bytes.truncate(end);
        }),
    }
}

/// What the database says has happened: the audit's rows, and the authors with their names.
#[derive(Debug, Default)]
struct Told {
    audit: Vec<String>,
    authors: BTreeMap<String, String>,
}

async fn texts(db: &Db, sql: &str) -> Result<Vec<String>, Error> {
    let statement = Statement::from_string(DbBackend::Sqlite, sql);
    let rows = db.reader().query_all_raw(statement).await;
    let rows = rows.map_err(failure::plain)?;
    rows.iter()
        .map(|row| row.try_get_by_index(0).map_err(failure::plain))
        .collect()
}

async fn told(db: &Db, about: &str) -> Result<Told, Error> {
    // A record's rows are whole: whoever finds a page that is not refuses.
    let faults = db.faults().await?;
    if !faults.is_empty() {
        return Err(Error::unavailable("damaged", "told by the check", 1));
    }
    let audit = "SELECT id || ' ' || verb || ' ' || record_id FROM qd_audit \
                 WHERE model = 'author' ORDER BY id";
    let authors = texts(db, "SELECT id || ' ' || name FROM author ORDER BY id").await?;
    let pair = |text: String| {
        let (id, name) = text.split_once(' ').expect("two words");
        (id.to_owned(), name.to_owned())
    };
    let key = stored_signing_key(db.reader()).await?;
    let key = SealKey::new(&key.expect("a key"));
    // No seal speaks of what is not there: sealed and sealing go together.
    let verified = verify(db, &key, None).await?;
    verified.unwrap_or_else(|finding| panic!("{about}: {finding}"));
    Ok(Told {
        audit: texts(db, audit).await?,
        authors: authors.into_iter().map(pair).collect(),
    })
}

/// Opens the files as the server does, and reads.
async fn open(database: &Path, about: &str) -> Result<Told, Error> {
    let mut settings = settings(format!("sqlite://{}", database.display()));
    settings.sqlite_full_sync = true;
    let db = Db::connect(&settings).await?;
    let found = told(&db, about).await;
    db.close().await;
    found
}

/// The rows of the audit up to some moment say all that has happened until then, and nothing else has.
fn check_prefix(found: &Told, whole: &Told, about: &str) {
    let length = found.audit.len();
    assert!(length <= whole.audit.len(), "{about}");
    assert_eq!(found.audit, whole.audit[..length], "{about}");
    let mut authors = BTreeMap::new();
    for row in &found.audit {
        let words: Vec<&str> = row.split(' ').collect();
        match words[1..] {
            ["create", id] => authors.insert(id.to_owned(), "before".to_owned()),
            ["patch", id] => authors.insert(id.to_owned(), "after".to_owned()),
            _ => None,
        };
    }
    assert_eq!(found.authors, authors, "{about}");
}

/// Makes authors, and changes each, until it is told to stop; how many audit rows are acknowledged.
async fn write(
    url: String,
    token: String,
    name: usize,
    stop: Arc<AtomicBool>,
    acked: Arc<Mutex<usize>>,
) {
    let client = reqwest::Client::new();
    let send = async |method: reqwest::Method, path: String, body: Value| {
        let request = client.request(method, path).header("x-api-key", &token);
        let answer = request.json(&body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
        *acked.lock().unwrap() += 1;
        answer.json::<Value>().await.expect("json")
    };
    for n in 0.. {
        let body = json!({"name": "before", "slug": format!("w{name}-{n}"), "country": "GB",
            "biography": "b".repeat(n % 97)});
        let made = send(reqwest::Method::POST, url.clone(), body).await;
        let path = format!("{url}/{}", made["id"]);
        send(reqwest::Method::PATCH, path, json!({"name": "after"})).await;
        if stop.load(Ordering::SeqCst) {
            return;
        }
    }
}

/// Copies the files of a server that holds still.
fn copy(served: &Served, place: &Place, to: &Path) {
    served.signal("-STOP");
    served.wait_until_stopped();
    std::fs::create_dir(to).expect("a folder");
    for end in ["", "-wal", "-shm"] {
        let from = beside(&place.database(), end);
        std::fs::copy(from, beside(&to.join("db"), end)).expect("a copy");
    }
    served.signal("-CONT");
}

#[tokio::test(flavor = "multi_thread")]
async fn d03_after_a_power_cut_there_is_a_beginning_of_what_happened_or_a_clean_refusal() {
    let name = "d03_after_a_power_cut_there_is_a_beginning_of_what_happened_or_a_clean_refusal";
    if !Path::new("/proc/self/stat").exists() {
        println!("SKIPPED {name}: the system does not tell whether a process is stopped");
        return;
    }
    let place = Place::new();
    let token = place.token();
    let served = place.serve(&[("QUARTERDECK_LOG_LEVEL", "warn")], &["--demo"]);
    let (stop, acked) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(0)));
    let writers: Vec<_> = (0..4)
        .map(|w| {
            let (url, token) = (served.url("/api/v1/author"), token.clone());
            tokio::spawn(write(url, token, w, Arc::clone(&stop), Arc::clone(&acked)))
        })
        .collect();
    let mut chance = Chance::new();
    let mut moments = Vec::new();
    for moment in 0..MOMENTS {
        let wanted = *acked.lock().unwrap() + 20 + chance.below(60);
        while *acked.lock().unwrap() < wanted {
            assert!(writers.iter().all(|w| !w.is_finished()), "a write failed");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let before = *acked.lock().unwrap();
        let folder = place.path().join(format!("moment-{moment}"));
        copy(&served, &place, &folder);
        moments.push((folder, before));
    }
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.expect("every write was acknowledged");
    }
    served.signal("-TERM");
    tokio::task::spawn_blocking(move || served.end())
        .await
        .unwrap();
    let whole = open(&place.database(), "the end")
        .await
        .expect("the database");
    check_prefix(&whole, &whole, "the end");

    let (mut opened, mut refused, mut shorter) = (0, 0, 0);
    for (moment, acked) in &moments {
        for round in 0..rounds() {
            let kind = HARMS[round % HARMS.len()];
            let about = format!("{} round {round} {kind:?}", moment.display());
            let folder = tempfile::TempDir::new().expect("a folder");
            for end in ["", "-wal", "-shm"] {
                let file = folder.path().join(format!("db{end}"));
                std::fs::copy(beside(&moment.join("db"), end), file).expect("a copy");
            }
            let database = folder.path().join("db");
            harm(&database, kind, &mut chance);
            let found = match open(&database, &about).await {
                Ok(found) => found,
                Err(error) => {
                    assert_eq!(error.kind, Kind::Unavailable, "{about}: {error:?}");
                    assert!(matches!(kind, Harm::FileShorter), "{about}: {error:?}");
                    refused += 1;
                    continue;
                }
            };
            check_prefix(&found, &whole, &about);
            opened += 1;
            let kept = found.audit.len() >= *acked;
            shorter += usize::from(!kept);
            let is_lossless = matches!(kind, Harm::None | Harm::Index | Harm::LogLonger);
            assert!(kept || !is_lossless, "{about}: acknowledged, and not there");
        }
    }
    println!("{opened} opened, {shorter} of them without the last writes; {refused} refused");
    assert!(
        opened > 0 && shorter > 0 && refused > 0,
        "{opened} {shorter} {refused}"
    );
}
