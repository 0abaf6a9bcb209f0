//! Request lines and headers.

use quarterdeck::config::Config;
use reqwest::Method;
use serde_json::json;

use crate::house::tuned::{On, tuned};

use super::wire::{Wire, head, once};

fn as_it_is(_: &mut Config) {}

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
async fn a64_a_method_that_a_path_lacks_is_405_with_the_true_list() {
    let name = "a64_a_method_that_a_path_lacks_is_405_with_the_true_list";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let admin = app.login("admin").await;
        for (path, allow) in [
            ("/api/v1/author", "GET, POST, HEAD, OPTIONS"),
            ("/api/v1/author/1", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
            ("/api/v1/qd_audit", "GET, HEAD, OPTIONS"),
            ("/api/v1/qd_audit/1", "GET, HEAD, OPTIONS"),
            ("/api/v1/qd_session/1", "GET, DELETE, HEAD, OPTIONS"),
            ("/auth/login", "GET, POST, HEAD, OPTIONS"),
            ("/auth/logout", "POST, OPTIONS"),
            ("/healthz", "GET, HEAD, OPTIONS"),
        ] {
            let sorted = |text: &str| {
                let mut all: Vec<_> = text.split(", ").map(str::to_owned).collect();
                all.sort();
                all
            };
            for method in ["BREW", "PROPFIND", "get", "LINK", "TRACE", "CONNECT"] {
                let method: Method = method.parse().unwrap();
                if method == Method::CONNECT {
                    continue;
                }
                let response = admin.request(method.clone(), path).send().await.unwrap();
                assert_eq!(response.status(), 405, "{method} {path}");
                let allowed = response.headers()["allow"].to_str().unwrap();
                if method != Method::TRACE {
                    assert_eq!(sorted(allowed), sorted(allow), "{method} {path}");
                }
                assert!(!allowed.contains("TRACE"));
            }
            let options = admin.request(Method::OPTIONS, path).send().await.unwrap();
            assert_eq!(options.status(), 204, "{path}");
            assert_eq!(
                sorted(options.headers()["allow"].to_str().unwrap()),
                sorted(allow),
                "{path}"
            );
        }
        let connect = once(
            app,
            head(
                app,
                "CONNECT evil.test:443 HTTP/1.1",
                &["Host: evil.test:443"],
            ),
        )
        .await;
        assert!(matches!(connect.map(|a| a.status), Some(400 | 405)));
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
async fn a60_only_the_exact_path_reaches_a_model() {
    let name = "a60_only_the_exact_path_reaches_a_model";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let admin = app.login("admin").await;
        // What the other spellings would lead to is there.
        let body = json!({"name": "Ada", "slug": "ada", "country": "GB"});
        assert_eq!(app.make("author", body).await["id"], 1);
        let exact = [
            "/api/v1/author",
            "/api/v1/author/1",
            "/admin/author",
            "/admin/author/1",
        ];
        for path in exact.into_iter().chain(["/static/account.css"]) {
            assert_eq!(admin.get(path).await.0, 200, "{path}");
        }
        for path in [
            "/api/v1/author%0a",
            "/api/v1/author%00",
            "/api/v1/author%20",
            "/api/v1/author;x",
            "/api/v1/Author",
            "/api/v1/AUTHOR",
            "//api/v1/author",
            "/api//v1/author",
            "/api/v1//author",
            "/api/v1/author//",
            "/api/v1/author/1/",
            "/api/v1/author/1%0a",
            "/api/v1/author/1;x",
            "/api/v1/author/%31%20",
            "/api/v1/author/+1",
            "/api/v1/author/01",
            "/api/v1/author%2f1",
            "/api/v1/%2e%2e/health",
            "/api/v1/author/..%2f..%2fhealth",
            "/api/v1/author/1.0",
            "/api/v1/author/1e0",
            "/api/v2/author",
            "/API/v1/author",
            "/api/v1/author/%ff",
            "/api/v1/%ff",
            "/api/v1/author/1%00",
            "/admin/author%0a",
            "/admin/Author",
            "/admin/author/1%0a",
            "/admin/author/01",
            "/admin/author/1;x",
            "/admin/author/1/delete%0a",
            "/ADMIN/author",
            "/static/..%2fCargo.toml",
            "/static/%2e%2e/Cargo.toml",
            "/static//etc/passwd",
            "/static/",
            "/static",
        ] {
            let text = head(app, &format!("GET {path} HTTP/1.1"), &[]);
            let anonymous = once(app, text).await.expect("an answer");
            let (status, body) = admin.get(path).await;
            assert_eq!(status, 404, "{path} {body}");
            assert!(
                matches!(anonymous.status, 303 | 401 | 404),
                "{path} {anonymous:?}"
            );
        }
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

#[tokio::test]
async fn a60_the_address_of_a_record_leads_to_it_whatever_its_key_contains() {
    let name = "a60_the_address_of_a_record_leads_to_it_whatever_its_key_contains";
    tuned(name, On::Each, as_it_is, async |app| {
        let admin = app.login("admin").await;
        let at = "2026-01-01T00:00:00Z";
        // What a second decoding would take for another record.
        for code in [
            "aA", "a%41", "a%2541", "a/b", "a%2Fb", "a,b", "ü x", "100%", "a?b#c",
        ] {
            let body = json!({"code": code, "body": code, "created_at": at});
            let request = admin
                .request(Method::POST, "/api/v1/staff_note")
                .json(&body);
            let made = request.send().await.unwrap();
            assert_eq!(made.status(), 201, "{code}");
            let path = made.headers()["location"].to_str().unwrap().to_owned();
            let (status, read) = admin.get(&path).await;
            assert_eq!((status, &read["code"]), (200, &json!(code)), "{path}");
            let (status, _) = admin.send("PATCH", &path, json!({"body": "changed"})).await;
            assert_eq!(status, 200, "{path}");
        }
        let (_, all) = admin.get("/api/v1/staff_note?body=changed").await;
        assert_eq!(all["page"]["count"], 9);
    })
    .await;
}
