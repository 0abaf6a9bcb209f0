//! Request bodies: how long, how deep, how encoded.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use flate2::{Compression, write::GzEncoder};
use futures_util::future::join_all;
use quarterdeck::config::Config;
use serde_json::{Value, json};

use crate::house::app::TestApp;
use crate::house::tuned::{On, tuned};

use super::wire::{Answer, Wire, head};

/// The limit in these tests.
const CAP: usize = 100_000;

fn capped(config: &mut Config) {
    config.server.body_limit = CAP as u64;
}

/// How a body tells its length.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Told {
    /// By `Content-Length`.
    Length,
    /// By chunks.
    Chunks,
    /// By a `Content-Length` that is more than comes.
    TooMuch,
    /// By a `Content-Length` that is less than comes.
    TooLittle,
}

/// Sends a body to a path; the answer, if the server gave one before it closed.
async fn post(
    app: &TestApp,
    path: &str,
    headers: &[&str],
    told: Told,
    body: &[u8],
) -> Option<Answer> {
    let length = match told {
        Told::Length => format!("Content-Length: {}", body.len()),
        Told::TooMuch => format!("Content-Length: {}", body.len() + 1_000),
        Told::TooLittle => format!("Content-Length: {}", body.len() / 2),
        Told::Chunks => "Transfer-Encoding: chunked".to_owned(),
    };
    let mut all = headers.to_vec();
    all.push(&length);
    let mut wire = Wire::open(app).await;
    wire.send(head(app, &format!("POST {path} HTTP/1.1"), &all))
        .await;
    if told == Told::Chunks {
        for piece in body.chunks(8_192) {
            wire.send(format!("{:x}\r\n", piece.len())).await;
            wire.send(piece).await;
            wire.send("\r\n").await;
        }
        wire.send("0\r\n\r\n").await;
    } else {
        wire.send(body).await;
    }
    if told == Told::TooMuch {
        wire.finish().await;
    }
    wire.answer().await
}

/// A login of exactly that many bytes, as JSON or as a form.
fn login(kind: &str, size: usize) -> Vec<u8> {
    let (before, after) = match kind {
        "application/json" => (r#"{"username":"nobody","password":"x","next":""#, r#""}"#),
        _ => ("username=nobody&password=x&next=", ""),
    };
    let fill = size - before.len() - after.len();
    format!("{before}{}{after}", "a".repeat(fill)).into_bytes()
}

#[tokio::test]
async fn r49_a62_d13_the_limit_holds_for_every_kind_of_body_and_every_way_to_tell_its_length() {
    let name =
        "r49_a62_d13_the_limit_holds_for_every_kind_of_body_and_every_way_to_tell_its_length";
    tuned(name, On::Sqlite, capped, async |app| {
        let mut statuses = Vec::new();
        for kind in ["application/json", "application/x-www-form-urlencoded"] {
            let header = format!("Content-Type: {kind}");
            for (told, size, wanted) in [
                (Told::Length, CAP - 1, 401),
                (Told::Length, CAP, 401),
                (Told::Length, CAP + 1, 413),
                (Told::Length, 10 * CAP, 413),
                (Told::Chunks, CAP, 401),
                (Told::Chunks, CAP + 1, 413),
                (Told::Chunks, 10 * CAP, 413),
                (Told::TooMuch, 2_000, 400),
                (Told::TooMuch, CAP - 500, 413),
                (Told::TooMuch, CAP + 1, 413),
            ] {
                crate::auth::sql(app.app.engine.db(), "DELETE FROM qd_login_throttle").await;
                let body = login(kind, size);
                let answer = post(app, "/auth/login", &[&header], told, &body).await;
                let status = answer.map(|a| a.status);
                statuses.push(status);
                assert_eq!(status, Some(wanted), "{kind} {told:?} {size}");
            }
        }
        assert!(statuses.contains(&Some(413)));
        // What comes after a length that is told too small is no part of the body: JSON breaks.
        let body = login("application/json", 2_000);
        let header = "Content-Type: application/json";
        let answer = post(app, "/auth/login", &[header], Told::TooLittle, &body).await;
        assert_eq!(answer.map(|a| a.status), Some(400));
    })
    .await;
}

#[tokio::test]
async fn r49_a62_other_kinds_of_bodies_and_compressed_ones_are_refused_unread() {
    let name = "r49_a62_other_kinds_of_bodies_and_compressed_ones_are_refused_unread";
    tuned(name, On::Sqlite, capped, async |app| {
        let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
        bomb.write_all(&vec![b' '; 50_000_000]).unwrap();
        let bomb = bomb.finish().unwrap();
        assert!(bomb.len() < CAP);
        for told in [Told::Length, Told::Chunks] {
            for headers in [
                vec!["Content-Type: text/plain"],
                vec!["Content-Type: application/octet-stream"],
                vec!["Content-Type: multipart/form-data; boundary=x"],
                vec!["Content-Type: application/json", "Content-Encoding: gzip"],
                vec![
                    "Content-Type: application/json",
                    "Content-Encoding: identity",
                ],
                vec!["Content-Type: application/json, text/plain"],
                vec!["Content-Type: "],
                vec![],
            ] {
                let answer = post(app, "/auth/login", &headers, told, &bomb).await;
                assert_eq!(answer.map(|a| a.status), Some(415), "{headers:?} {told:?}");
                let big = vec![b'x'; 10 * CAP];
                let answer = post(app, "/auth/login", &headers, told, &big).await;
                let status = answer.map(|a| a.status);
                // Longer than allowed by its own word, or not looked at any further.
                let wanted = if told == Told::Length { 413 } else { 415 };
                assert_eq!(status, Some(wanted), "{headers:?} {told:?}");
            }
        }
        // No body at all, and none where none is expected.
        let answer = post(
            app,
            "/auth/login",
            &["Content-Type: application/json"],
            Told::Length,
            b"",
        )
        .await;
        assert_eq!(answer.map(|a| a.status), Some(400));
        let answer = post(
            app,
            "/auth/logout",
            &[],
            Told::Chunks,
            &vec![b'x'; 10 * CAP],
        )
        .await;
        assert!(matches!(answer.map(|a| a.status), Some(204 | 413)));
    })
    .await;
}

#[tokio::test]
async fn d13_endless_chunks_are_cut_off_and_the_connection_is_freed() {
    let name = "d13_endless_chunks_are_cut_off_and_the_connection_is_freed";
    tuned(name, On::Sqlite, capped, async |app| {
        let headers = [
            "Content-Type: application/json",
            "Transfer-Encoding: chunked",
        ];
        let mut wire = Wire::open(app).await;
        wire.send(head(app, "POST /auth/login HTTP/1.1", &headers))
            .await;
        let piece = format!("2000\r\n{}\r\n", "x".repeat(0x2000));
        let mut sent: u64 = 0;
        // Until the server has closed: the socket takes no more.
        while wire.send(&piece).await {
            sent += piece.len() as u64;
            // It reads on for a moment, so that the client gets to see the answer; how much a
            // machine can send in that moment is no business of this test.
            assert!(sent < 20_000_000_000, "the server reads on and on");
        }
        // One huge chunk by its own word.
        let mut wire = Wire::open(app).await;
        wire.send(head(app, "POST /auth/login HTTP/1.1", &headers))
            .await;
        wire.send("FFFFFFFFFFFFFFF\r\n").await;
        while wire.send(&piece).await {}
        assert_eq!(app.anonymous().get("/healthz").await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn d13_a_length_that_lies_or_is_missing_keeps_no_connection() {
    let name = "d13_a_length_that_lies_or_is_missing_keeps_no_connection";
    let tune = |c: &mut Config| {
        capped(c);
        let server = &mut c.server;
        server.max_connections = 4;
        server.body_idle = Duration::from_millis(300);
        server.keep_alive = Duration::from_millis(300);
    };
    tuned(name, On::Sqlite, tune, async |app| {
        let body = login("application/json", 200);
        // Three times as many as there may be at once; none of them goes by itself.
        let lies = [
            ("Content-Length: 201", 400),
            ("Content-Length: 100000", 400),
            ("Content-Length: 100001", 413),
            ("Content-Length: 9223372036854775808", 413),
            ("Content-Length: 184467440737095516160", 400),
            ("Content-Length: -1", 400),
            ("Content-Length: 2e2", 400),
            ("Content-Length: 200, 200", 400),
            ("Content-Length: 200\r\nContent-Length: 201", 400),
            ("Content-Length:", 400),
            ("X-Length: 200", 400),
            ("Transfer-Encoding: identity", 400),
        ];
        let tell = async |(lie, wanted): (&'static str, u16)| {
            let headers = ["Content-Type: application/json", lie];
            let mut wire = Wire::open(app).await;
            wire.send(head(app, "POST /auth/login HTTP/1.1", &headers))
                .await;
            wire.send(&body).await;
            let status = wire.answer().await.map(|a| a.status);
            wire.end().await;
            (lie, status, status == Some(wanted))
        };
        let told = join_all(lies.into_iter().map(tell)).await;
        assert!(told.iter().all(|(_, _, right)| *right), "{told:?}");
        assert_eq!(app.anonymous().get("/healthz").await.0, 200);
    })
    .await;
}

/// Sends a body to a model with a JSON column; status, code and answer.
async fn create(app: &TestApp, body: impl AsRef<[u8]>) -> (u16, Value) {
    let admin = app.login("admin").await;
    let request = admin.request(reqwest::Method::POST, "/api/v1/stock_event");
    let request = request.header("content-type", "application/json");
    let response = request.body(body.as_ref().to_vec()).send().await.unwrap();
    crate::house::app::answer(response).await
}

/// Makes a book; the beginning of a stock event of it, up to its payload.
async fn event(app: &TestApp) -> String {
    let author = json!({"name": "Ada", "slug": "ada", "country": "GB"});
    let author = app.make("author", author).await["id"].clone();
    let book = json!({"isbn": "9780000000001", "title": "Notes", "author_id": author,
        "price": "1.00", "pages": 10, "language": "en"});
    let book = app.make("book", book).await["id"].clone();
    format!(r#"{{"book_id":{book},"kind":"sold","delta":1,"at":"2026-01-01T00:00:00Z","payload":"#)
}

#[tokio::test]
async fn r50_d14_a66_hostile_json_is_a_400_that_points_at_it_and_the_same_on_every_database() {
    let name = "r50_d14_a66_hostile_json_is_a_400_that_points_at_it_and_the_same_on_every_database";
    tuned(
        name,
        On::Each,
        |_| {},
        async |app| {
            let begin = event(app).await;
            let with = |payload: &str| format!("{begin}{payload}}}");
            let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
            let objects = |n: usize| format!("{}1{}", r#"{"a":"#.repeat(n), "}".repeat(n));
            let members = |n: usize| {
                let mut text = String::from("{");
                for i in 0..n {
                    let comma = if i == 0 { "" } else { "," };
                    write!(text, "{comma}\"k{i}\":1").unwrap();
                }
                text + "}"
            };
            for (payload, status) in [
                ("null".to_owned(), 201),
                (nested(29), 201),
                (nested(64), 400),
                (nested(100_000), 400),
                (objects(29), 201),
                (objects(64), 400),
                (objects(100_000), 400),
                ("[".repeat(1_000_000), 400),
                (members(9_000), 201),
                (members(10_001), 400),
                (members(500_000), 400),
                (r#"{"a":1,"a":2}"#.to_owned(), 400),
                (r#"{"a":1,"\u0061":2}"#.to_owned(), 400),
                (r#"[{"b":{"c":1,"c":1}}]"#.to_owned(), 400),
                (r#""\ud800""#.to_owned(), 400),
                (r#""\udc00\ud800""#.to_owned(), 400),
                (r#"{"\ud800":1}"#.to_owned(), 400),
                ("1".repeat(1_000_000), 400),
                ("1e1000000".to_owned(), 422),
                ("-1e400".to_owned(), 422),
                ("170141183460469231731687303715884105727".to_owned(), 422),
                ("NaN".to_owned(), 400),
                ("Infinity".to_owned(), 400),
                ("0x10".to_owned(), 400),
                ("01".to_owned(), 400),
                ("+1".to_owned(), 400),
                ("1.".to_owned(), 400),
                (".5".to_owned(), 400),
                ("'a'".to_owned(), 400),
                ("[1,]".to_owned(), 400),
                ("{a:1}".to_owned(), 400),
                ("\"a\nb\"".to_owned(), 400),
                ("1} {".to_owned(), 400),
                ("1/*x*/".to_owned(), 400),
                (r#""a\u0000b""#.to_owned(), 422),
                (r#"{"a\u0000b":1}"#.to_owned(), 422),
                ("9223372036854775807".to_owned(), 201),
                ("0.1".to_owned(), 201),
            ] {
                let (got, problem) = create(app, with(&payload)).await;
                let shown: String = payload.chars().take(60).collect();
                assert_eq!(
                    got,
                    status,
                    "{shown} {}",
                    problem.to_string().chars().take(300).collect::<String>()
                );
                if status != 201 {
                    assert!(
                        problem["errors"][0]["pointer"].is_string(),
                        "{shown} {problem}"
                    );
                }
            }
            // The limit of bodies is 64 levels, but MariaDB's JSON ends at 31, the audit's two included.
            let is_mariadb = app.app.engine.db().backend() == sea_orm::DbBackend::MySql;
            for (depth, status) in [(30, 422), (31, 422), (32, 422), (63, 422)] {
                let (got, problem) = create(app, with(&nested(depth))).await;
                assert_eq!(
                    got,
                    if is_mariadb { status } else { 201 },
                    "{depth} {problem}"
                );
                if is_mariadb {
                    assert_eq!(problem["errors"][0]["pointer"], "/payload", "{problem}");
                }
            }
            let mut bytes = with("\"?\"").into_bytes();
            let at = bytes.iter().position(|b| *b == b'?').unwrap();
            for wrong in [0xff, 0xc0, 0xed] {
                bytes[at] = wrong;
                assert_eq!(create(app, &bytes).await.0, 400, "{wrong}");
            }
            let with_mark = format!("\u{feff}{}", with("1"));
            assert_eq!(create(app, with_mark).await.0, 400);
            assert_eq!(create(app, "").await.0, 400);
            assert_eq!(create(app, "null").await.0, 422);
            assert_eq!(
                create(
                    app,
                    with("1").replace("\"delta\":1", "\"delta\":1,\"delta\":2")
                )
                .await
                .0,
                400
            );
        },
    )
    .await;
}
