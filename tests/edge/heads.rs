//! Request lines and headers.

use quarterdeck::config::Config;
use reqwest::Method;
use serde_json::json;

use crate::house::tuned::{On, as_it_is, tuned};

use super::wire::{Wire, head, once};

#[tokio::test]
async fn r54_a_request_whose_length_is_told_in_two_ways_is_refused_and_the_connection_closed() {
    let name =
        "r54_a_request_whose_length_is_told_in_two_ways_is_refused_and_the_connection_closed";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let chunked = "Transfer-Encoding: chunked";
        for headers in [
            vec!["Content-Length: 4", chunked],
            vec![chunked, "Content-Length: 4"],
            vec!["Content-Length: 4", "Content-Length: 4"],
            vec!["Content-Length: 4", "Content-Length: 5"],
            vec!["Content-Length: 4, 4"],
            vec!["Content-Length: +4"],
            vec!["Content-Length: -1"],
            vec!["Content-Length: 0x4"],
            vec!["Content-Length: 4 ", "Content-Length: 4"],
            vec!["Content-Length: 99999999999999999999"],
            vec!["Transfer-Encoding: chunked, identity"],
            vec!["Transfer-Encoding: xchunked"],
            vec!["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
            vec!["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
            vec!["Transfer-Encoding : chunked"],
            vec!["Transfer-Encoding: gzip"],
        ] {
            let mut wire = Wire::open(app).await;
            let mut all = headers.clone();
            all.push("Content-Type: application/json");
            wire.send(head(app, "POST /auth/login HTTP/1.1", &all))
                .await;
            // What a smuggler would hide behind it.
            wire.send("0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .await;
            let answer = wire.answer().await;
            let status = answer.as_ref().map(|a| a.status);
            assert!(matches!(status, Some(400)), "{headers:?}: {answer:?}");
            assert!(wire.answer().await.is_none(), "{headers:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn r54_a_head_that_is_not_written_by_the_book_is_refused_and_the_connection_closed() {
    let name = "r54_a_head_that_is_not_written_by_the_book_is_refused_and_the_connection_closed";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let host = format!("Host: {}", app.address);
        for text in [
            // A folded line.
            format!("GET /healthz HTTP/1.1\r\n{host}\r\nX-A: a\r\n b\r\n\r\n"),
            // Lines that end with LF alone.
            format!("GET /healthz HTTP/1.1\n{host}\n\n"),
            format!("GET /healthz HTTP/1.1\r\n{host}\nX-A: a\r\n\r\n"),
            format!("GET /healthz HTTP/1.1\r\n{host}\r\n\n"),
            // A CR alone, NUL, and a name with a blank.
            format!("GET /healthz HTTP/1.1\r\n{host}\r\nX-A: a\rX-B: b\r\n\r\n"),
            format!("GET /healthz HTTP/1.1\r\n{host}\r\nX-A: a\0\r\n\r\n"),
            format!("GET /healthz HTTP/1.1\r\n{host}\r\nX A: a\r\n\r\n"),
            format!("GET /healthz HTTP/1.1\r\n{host}\r\nno colon\r\n\r\n"),
            // Request lines.
            format!("GET  /healthz HTTP/1.1\r\n{host}\r\n\r\n"),
            format!("GET /heal thz HTTP/1.1\r\n{host}\r\n\r\n"),
            format!("GET /healthz HTTP/9.9\r\n{host}\r\n\r\n"),
            format!("GET /healthz\r\n{host}\r\n\r\n"),
            format!(
                "GET http://{}/healthz HTTP/1.1\r\n{host}\r\n\r\n",
                app.address
            ),
            format!("GET http://evil.test/healthz HTTP/1.1\r\n{host}\r\n\r\n"),
            format!("GET /healthz\u{7f} HTTP/1.1\r\n{host}\r\n\r\n"),
            "\0\0\0\0\r\n\r\n".to_owned(),
        ] {
            let mut wire = Wire::open(app).await;
            wire.send(&text).await;
            let status = wire.answer().await.map(|a| a.status);
            assert_eq!(status, Some(400), "{text:?}");
            wire.end().await;
        }
    })
    .await;
}

#[tokio::test]
async fn r33_r54_the_host_must_be_ours_and_given_once() {
    let name = "r33_r54_the_host_must_be_ours_and_given_once";
    let tune = |c: &mut Config| c.server.allowed_hosts = vec!["desk.test".to_owned()];
    tuned(name, On::Sqlite, tune, async |app| {
        for (headers, status) in [
            (vec!["Host: desk.test"], 200),
            (vec!["Host: DESK.test:8000"], 200),
            (vec!["Host: desk.test."], 200),
            (vec!["Host: evil.test"], 400),
            (vec!["Host: desk.test.evil.test"], 400),
            (vec!["Host: evil-desk.test"], 400),
            (vec!["Host: desk.test@evil.test"], 400),
            (vec!["Host: evil.test@desk.test"], 400),
            (vec!["Host: desk.test/x"], 400),
            (vec!["Host: desk.test:x"], 400),
            (vec!["Host: "], 400),
            (vec!["Host: desk.test", "Host: desk.test"], 400),
            (vec!["Host: desk.test", "Host: evil.test"], 400),
            (vec!["Host: desk.test, evil.test"], 400),
            (vec!["Host: evil.test", "X-Forwarded-Host: desk.test"], 400),
        ] {
            let text = head(app, "GET /healthz HTTP/1.1", &headers);
            let answer = once(app, text).await.expect("an answer");
            assert_eq!(answer.status, status, "{headers:?}");
        }
        let without = once(app, "GET /healthz HTTP/1.1\r\n\r\n").await;
        assert_eq!(without.map(|a| a.status), Some(400));
    })
    .await;
}

#[tokio::test]
async fn a64_headers_do_not_change_the_method_or_the_path() {
    let name = "a64_headers_do_not_change_the_method_or_the_path";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let admin = app.login("admin").await;
        let body = json!({"name": "Ada", "slug": "ada", "country": "GB"});
        let (_, made) = admin.send("POST", "/api/v1/author", body).await;
        let path = format!("/api/v1/author/{}", made["id"]);
        for header in [
            "x-http-method-override",
            "x-http-method",
            "x-method-override",
        ] {
            let request = admin.request(Method::POST, &path).header(header, "DELETE");
            assert_eq!(request.send().await.unwrap().status(), 405, "{header}");
            let request = admin.request(Method::GET, &path).header(header, "DELETE");
            assert_eq!(request.send().await.unwrap().status(), 200, "{header}");
        }
        let query = format!("{path}?_method=DELETE");
        assert_eq!(admin.get(&query).await.0, 400);
        for header in ["x-original-url", "x-rewrite-url", "x-forwarded-prefix"] {
            let request = app
                .anonymous()
                .request(Method::GET, "/healthz")
                .header(header, &path);
            let text = request.send().await.unwrap().text().await.unwrap();
            assert!(!text.contains("Ada"), "{header}");
        }
        assert_eq!(admin.get(&path).await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn a63_a_range_header_changes_nothing() {
    let name = "a63_a_range_header_changes_nothing";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let client = app.anonymous();
        let many: Vec<String> = (0..1_000).map(|n| format!("{n}-{n}")).collect();
        let many = format!("bytes={}", many.join(","));
        for path in ["/static/account.css", "/healthz", "/api/openapi.json"] {
            let whole = client.request(Method::GET, path).send().await.unwrap();
            let whole = whole.bytes().await.unwrap();
            for range in [
                "bytes=0-0",
                "bytes=-1",
                "bytes=5-1",
                "bytes=0-99999999999999999999",
                &many,
            ] {
                let part = client
                    .request(Method::GET, path)
                    .header("range", range)
                    .send()
                    .await
                    .unwrap();
                assert_eq!(part.status(), 200, "{path}");
                assert_eq!(part.bytes().await.unwrap(), whole, "{path}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn r52_a67_too_many_or_too_long_headers_are_refused() {
    let name = "r52_a67_too_many_or_too_long_headers_are_refused";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let many = |n: usize| -> Vec<String> { (0..n).map(|i| format!("X-A{i}: b")).collect() };
        for (headers, status) in [
            (many(60), 200),
            (many(100), 431),
            (vec![format!("X-A: {}", "b".repeat(8_000))], 200),
            (vec![format!("X-A: {}", "b".repeat(20_000))], 431),
            (vec![format!("X-A: {}", "b".repeat(1_000_000))], 431),
            (vec![format!("{}: b", "a".repeat(1_000_000))], 431),
            (
                vec![format!("Accept: {}", "a/b;q=0.1,".repeat(100_000))],
                431,
            ),
        ] {
            let all: Vec<&str> = headers.iter().map(String::as_str).collect();
            let mut wire = Wire::open(app).await;
            wire.send(head(app, "GET /healthz HTTP/1.1", &all)).await;
            let answer = wire.answer().await;
            let size = headers.iter().map(String::len).sum::<usize>();
            match status {
                200 => assert_eq!(answer.map(|a| a.status), Some(200), "{size}"),
                // The answer may be lost behind the bytes that nobody reads any more.
                _ => {
                    let status = answer.map(|a| a.status);
                    assert!(
                        matches!(status, None | Some(400 | 431)),
                        "{size} {status:?}"
                    );
                    wire.end().await;
                }
            }
        }
        let long = format!("GET /healthz?{} HTTP/1.1", "a".repeat(1_000_000));
        let mut wire = Wire::open(app).await;
        wire.send(head(app, &long, &[])).await;
        let status = wire.answer().await.map(|a| a.status);
        assert!(matches!(status, None | Some(400 | 414 | 431)), "{status:?}");
    })
    .await;
}

#[tokio::test]
async fn requests_sent_one_behind_the_other_are_answered_in_their_order() {
    let name = "requests_sent_one_behind_the_other_are_answered_in_their_order";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let mut wire = Wire::open(app).await;
        let body = r#"{"username":"nobody","password":"x"}"#;
        let length = format!("Content-Length: {}", body.len());
        let post = head(
            app,
            "POST /auth/login HTTP/1.1",
            &["Content-Type: application/json", &length],
        );
        let chunks = head(
            app,
            "POST /auth/login HTTP/1.1",
            &[
                "Content-Type: application/json",
                "Transfer-Encoding: chunked",
            ],
        );
        let (first, rest) = body.split_at(9);
        let chunks = format!(
            "{chunks}{:x};ext=1\r\n{first}\r\n{:X}\r\n{rest}\r\n0\r\n\r\n",
            first.len(),
            rest.len()
        );
        let get = head(app, "GET /healthz HTTP/1.1", &[]);
        let lost = head(app, "GET /nowhere HTTP/1.1", &[]);
        wire.send(format!("{get}{post}{body}{lost}{chunks}{get}"))
            .await;
        for status in [200, 401, 404, 401, 200] {
            assert_eq!(wire.answer().await.map(|a| a.status), Some(status));
        }
        // Byte by byte it is the same.
        for byte in format!("{chunks}{get}").bytes() {
            wire.send([byte]).await;
        }
        for status in [401, 200] {
            assert_eq!(wire.answer().await.map(|a| a.status), Some(status));
        }
    })
    .await;
}
