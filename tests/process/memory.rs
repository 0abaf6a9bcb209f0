//! How much memory a stranger can make the server take.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::backup::number;
use super::{Place, Served};

/// What a hash takes as the settings are shipped.
const HASH_KIB: u64 = 19_456;

fn peak(served: &Served, test: &str) -> Option<u64> {
    let peak = served.peak();
    if peak.is_none() {
        println!("SKIPPED {test}: the system does not tell the memory of a process");
    }
    peak
}

#[tokio::test(flavor = "multi_thread")]
async fn r02_of_500_logins_at_once_as_many_are_hashed_as_there_are_permits_and_no_more_memory_goes()
{
    let place = Place::new();
    place.token();
    let memory = HASH_KIB.to_string();
    let settings = [
        ("QUARTERDECK_PASSWORD_MEMORY_KIB", memory.as_str()),
        ("QUARTERDECK_PASSWORD_ITERATIONS", "2"),
        ("QUARTERDECK_PASSWORD_MAX_PARALLEL", "2"),
        ("QUARTERDECK_PASSWORD_QUEUE", "8"),
        ("QUARTERDECK_RATE_LIMIT_LOGIN", "1000000"),
        ("QUARTERDECK_RATE_LIMIT_PER_ADDRESS", "1000000"),
        ("QUARTERDECK_SERVER_TRUSTED_PROXIES", "127.0.0.1"),
        ("QUARTERDECK_LOG_LEVEL", "error"),
    ];
    let served = place.serve(&settings, &[]);
    let client = reqwest::Client::new();
    let login = async |n: usize| {
        let body = json!({"username": format!("user{n}"), "password": "wrong password"});
        let request = client.post(served.url("/auth/login"));
        let request = request.header("x-forwarded-for", format!("203.0.{}.{}", n / 250, n % 250));
        let answer = request.json(&body).send().await.expect("an answer");
        let waits = answer.headers().contains_key("retry-after");
        (answer.status().as_u16(), waits)
    };
    assert_eq!(login(0).await.0, 401);
    // What 500 connections cost is not what is asked here.
    let open = async |_| {
        let answer = client.get(served.url("/healthz")).send().await;
        answer.expect("an answer").status().as_u16()
    };
    let opened = join_all((0..500).map(open)).await;
    assert!(opened.iter().all(|s| *s == 200), "{opened:?}");
    let Some(before) = peak(&served, "r02_of_500_logins") else {
        return;
    };
    let health = async {
        let answer = client.get(served.url("/healthz")).send().await;
        answer.expect("an answer").status().as_u16()
    };
    let (all, health) = tokio::join!(join_all((1..=500).map(login)), health);
    assert_eq!(health, 200);
    let hashed = all.iter().filter(|(s, _)| *s == 401).count();
    let sent_away = all.iter().filter(|a| **a == (503, true)).count();
    assert_eq!(hashed + sent_away, 500, "{all:?}");
    assert!(hashed > 0 && sent_away > 0, "{hashed} {sent_away}");
    // Who is sent away has cost the database nothing: an account, an address, and everybody are counted.
    let url = format!("sqlite://{}?mode=ro", place.database().display());
    let db = Database::connect(url).await.expect("the database");
    let counted = number(&db, "SELECT COUNT(*) FROM qd_login_throttle").await;
    assert_eq!(counted, 2 * (1 + hashed as i64) + 1);
    db.close().await.expect("closed");
    let grown = peak(&served, "r02_of_500_logins").expect("as before") - before;
    // And 160 MiB for 500 requests under way and what the allocator keeps of hashes that are done (up to
    // 82 MiB were seen): ten hashes' worth, where all of them at once would be ten gigabytes.
    let most = 2 * HASH_KIB * 11 / 10 + 160 * 1024;
    assert!(grown <= most, "{grown} KiB, {most} at most");
    served.signal("-TERM");
    assert_eq!(served.end().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_huge_pages_are_in_use() {
    let place = Place::new();
    let served = place.serve(&[], &[]);
    match served.status("THP_enabled:") {
        Some(enabled) => assert_eq!(enabled, "0"),
        None => println!("SKIPPED no_huge_pages_are_in_use: the system does not tell of them"),
    }
    served.signal("-TERM");
    assert_eq!(served.end().0, Some(0));
}

/// More authors than may be in memory at once.
async fn fill(place: &Place) {
    let url = format!("sqlite://{}", place.database().display());
    let db = Database::connect(url).await.expect("the database");
    let run = async |sql: String| db.execute_unprepared(&sql).await.expect("a statement");
    let text = "x".repeat(1_000);
    run(format!("UPDATE author SET biography = '{text}'")).await;
    for round in 0..6 {
        let columns = "name, country, biography, born";
        let copy = format!(
            "INSERT INTO author (slug, {columns}) SELECT slug || '-{round}', {columns} FROM author"
        );
        run(copy).await;
    }
    db.close().await.expect("closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_many_rows_takes_little_memory() {
    let place = Place::new();
    let settings = [
        ("QUARTERDECK_LOG_LEVEL", "error"),
        ("TOKIO_WORKER_THREADS", "1"),
    ];
    // Filled first, for a database with users is not empty; then without what filling left behind.
    drop(place.serve(&settings, &["--demo"]));
    fill(&place).await;
    let token = place.token();
    let served = place.serve(&settings, &["--demo"]);
    let client = reqwest::Client::new();
    let export = async |query: &str| {
        let request = client.get(served.url(&format!("/api/v1/author/_export?{query}")));
        let mut answer = request
            .header("x-api-key", &token)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 200);
        let mut size = 0;
        while let Some(piece) = answer.chunk().await.expect("a piece") {
            size += piece.len();
        }
        size
    };
    // What is needed at the first time only, the pages of the program among it.
    for format in ["csv", "ndjson", "xlsx"] {
        export(&format!("format={format}&country=GB&id__lt=300")).await;
    }
    let Some(before) = peak(&served, "an_export_of_many_rows") else {
        return;
    };
    let mut sizes = Vec::new();
    for format in ["csv", "ndjson", "csv", "xlsx"] {
        sizes.push(export(&format!("format={format}")).await);
    }
    let grown = peak(&served, "an_export_of_many_rows").expect("as before") - before;
    println!("{sizes:?} bytes, grown by {grown} KiB");
    assert!(sizes[0] > 30_000_000, "{sizes:?}");
    assert!(grown < 20 * 1024, "{grown} KiB");
    served.signal("-TERM");
    assert_eq!(served.end().0, Some(0));
}

/// A body of so many bytes, in chunks, or until the server takes no more.
async fn chunks(served: &Served, token: &str, size: usize) -> Option<u16> {
    let mut stream = TcpStream::connect(served.address).await.expect("connected");
    let head = format!(
        "POST /api/v1/author HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {token}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    let piece = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let mut left = size;
    while left > 0 && stream.write_all(piece.as_bytes()).await.is_ok() {
        left = left.saturating_sub(0x10000);
    }
    stream.write_all(b"0\r\n\r\n").await.ok();
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut piece).await {
        answer.extend_from_slice(&piece[..n]);
        if answer.windows(4).any(|w| w == b"\r\n\r\n") {
            break;
        }
    }
    std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn d13_r49_bodies_that_are_refused_leave_no_memory_behind_and_take_little() {
    let place = Place::new();
    let token = place.token();
    // The allocator keeps something for each thread; so the number of threads is not the machine's.
    let settings = [
        ("QUARTERDECK_LOG_LEVEL", "error"),
        ("TOKIO_WORKER_THREADS", "1"),
    ];
    let served = place.serve(&settings, &["--demo"]);
    // A connection of its own for each: the server closes those whose bodies it has not read.
    let client = reqwest::Client::builder().pool_max_idle_per_host(0).build();
    let client = client.expect("a client");
    let post = async |kind: &str, encoding: Option<&str>, body: Vec<u8>| {
        let request = client.post(served.url("/api/v1/author"));
        let mut request = request
            .header("x-api-key", &token)
            .header("content-type", kind);
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        let sent = request.body(body).send().await;
        // The answer may be lost behind the bytes that nobody reads any more.
        sent.ok().map(|answer| answer.status().as_u16())
    };
    let small = json!({"name": "Ada", "slug": "ada", "country": "GB"}).to_string();
    let made = post("application/json", None, small.into_bytes()).await;
    assert_eq!(made, Some(201));
    // The program's own pages, which are read from disk when they are first needed, are no body's.
    assert_eq!(chunks(&served, &token, 0x20000).await, Some(400));
    for text in ["[".repeat(100), "1".repeat(100)] {
        let status = post("application/json", None, text.into_bytes()).await;
        assert!(matches!(status, Some(400 | 422)), "{status:?}");
    }
    let status = post("application/json", Some("gzip"), vec![0; 10]).await;
    assert_eq!(status, Some(415));
    let Some(before) = peak(&served, "d13_r49_bodies_that_are_refused") else {
        return;
    };
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![b' '; 200_000_000]).expect("packed");
    let bomb = bomb.finish().expect("packed");
    let cap = 10_000_000;
    for _ in 0..5 {
        for size in [cap + 1, 10 * 1024 * 1024 + 1, 3 * cap] {
            let status = post("application/json", None, vec![b' '; size]).await;
            assert!(matches!(status, None | Some(413)), "{size}: {status:?}");
            let status = chunks(&served, &token, size).await;
            assert!(
                matches!(status, None | Some(413)),
                "{size} in chunks: {status:?}"
            );
        }
        let status = chunks(&served, &token, 200_000_000).await;
        assert!(matches!(status, None | Some(413)), "endless: {status:?}");
        for kind in ["application/json", "application/octet-stream"] {
            let status = post(kind, Some("gzip"), bomb.clone()).await;
            assert!(matches!(status, None | Some(415)), "{kind}: {status:?}");
        }
        for text in [
            "[".repeat(1_000_000),
            "1".repeat(1_000_000),
            format!("\"{}\"", "\\u0041".repeat(100_000)),
        ] {
            let status = post("application/json", None, text.into_bytes()).await;
            assert!(matches!(status, Some(400 | 422)), "{status:?}");
        }
    }
    let grown = peak(&served, "d13_r49_bodies_that_are_refused").expect("as before") - before;
    println!("grown by {grown} KiB");
    assert!(grown < 32 * 1024, "{grown} KiB");
    let answer = client.get(served.url("/healthz")).send().await;
    assert_eq!(answer.expect("an answer").status(), 200);
    served.signal("-TERM");
    assert_eq!(served.end().0, Some(0));
}
