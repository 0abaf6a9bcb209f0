//! A server's start, its log and its orderly end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Place, Served};

fn author(slug: &str) -> Value {
    json!({"name": "Ada", "slug": slug, "country": "GB"})
}

/// Starts the demo's models on an empty database that already has a user, so that nothing is filled.
fn serve(place: &Place, settings: &[(&str, &str)]) -> (Served, String) {
    let token = place.token();
    (place.serve(settings, &["--demo"]), token)
}

#[tokio::test]
async fn r05_the_first_start_prints_a_link_that_makes_the_first_user_and_no_later_one_does() {
    let place = Place::new();
    let served = place.serve(&[], &[]);
    let line = served
        .printed
        .iter()
        .find(|l| l.contains("/auth/setup?token="));
    let line = line.expect("a link").clone();
    let (_, link) = line.split_once("http://").expect("a link");
    let page = reqwest::get(format!("http://{link}")).await.unwrap();
    assert_eq!(page.status(), 200);
    let (_, token) = link.split_once("token=").unwrap();
    let body = json!({"token": token, "username": "ada", "password": "correct horse"});
    let client = reqwest::Client::new();
    let made = client
        .post(served.url("/auth/setup"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), 200);
    served.signal("-TERM");
    let (code, log) = served.end();
    assert_eq!(code, Some(0));
    assert!(!log.contains(token), "{log}");
    let again = place.serve(&[], &[]);
    assert!(again.printed.is_empty(), "{:?}", again.printed);
}

#[tokio::test]
async fn r56_r57_a79_the_log_is_json_by_the_line_with_control_characters_escaped_and_no_secrets() {
    let place = Place::new();
    let settings = [
        ("QUARTERDECK_LOG_FORMAT", "json"),
        ("QUARTERDECK_LOG_LEVEL", "trace"),
    ];
    let (served, token) = serve(&place, &settings);
    let client = reqwest::Client::builder().build().unwrap();
    let secret = "a-password-nobody-else-has";
    for path in [
        "/api/v1/author",
        "/nowhere%0a%0dforged%1b[31m",
        "/api/v1/author?name=%1b%0aforged",
    ] {
        let request = client.get(served.url(path)).header("x-api-key", &token);
        request
            .header("user-agent", "a\tb\u{1b}[0m".replace('\u{1b}', "?"))
            .send()
            .await
            .unwrap();
    }
    let body = json!({"username": "root\u{1b}[2J\r\nforged", "password": secret});
    let login = client
        .post(served.url("/auth/login"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(login.status(), 401);
    let body = json!({"username": "root", "password": "a good password"});
    let login = client
        .post(served.url("/auth/login"))
        .json(&body)
        .send()
        .await
        .unwrap();
    let cookie = login.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split([';', '=']).nth(1).unwrap().to_owned();
    let session = client.get(served.url("/auth/session"));
    let session = session
        .header("cookie", format!("quarterdeck_session={cookie}"))
        .send()
        .await
        .unwrap();
    let id = session.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    served.signal("-INT");
    let (code, log) = served.end();
    assert_eq!(code, Some(0));
    let mut access = Vec::new();
    for line in log.lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(
            event["timestamp"].as_str().unwrap().ends_with('Z'),
            "{line}"
        );
        assert!(line.chars().all(|c| !c.is_control()), "{line:?}");
        if event["target"] == "access" {
            access.push(event);
        }
    }
    assert_eq!(access.len(), 6, "{log}");
    let last = access.last().unwrap();
    for (field, value) in [
        ("method", "GET"),
        ("path", "/auth/session"),
        ("principal", "root"),
        ("request_id", &id),
        ("ip", "127.0.0.1"),
    ] {
        assert_eq!(last[field], value, "{last}");
    }
    assert_eq!(last["status"], 200);
    for word in [secret, "a good password", &token, &cookie, "argon2"] {
        assert!(!log.contains(word), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d30_sigterm_under_load_finishes_what_is_in_flight_and_exits_0() {
    let place = Place::new();
    let (served, token) = serve(&place, &[]);
    let url = served.url("/api/v1/author");
    let stopping = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicUsize::new(0));
    let writers: Vec<_> = (0..8)
        .map(|w| {
            let (url, token) = (url.clone(), token.clone());
            let (stopping, done) = (Arc::clone(&stopping), Arc::clone(&done));
            tokio::spawn(async move {
                let client = reqwest::Client::new();
                let mut acked = Vec::new();
                for n in 0.. {
                    let slug = format!("w{w}-{n}");
                    let sent = client
                        .post(&url)
                        .header("x-api-key", &token)
                        .json(&author(&slug))
                        .send();
                    match sent.await {
                        Ok(response) => {
                            assert_eq!(response.status(), 201);
                            response.bytes().await.expect("a whole answer");
                            acked.push(slug);
                            done.fetch_add(1, Ordering::SeqCst);
                        }
                        // Refused at the door, once it is closed; nothing breaks off before.
                        Err(_) if stopping.load(Ordering::SeqCst) => return acked,
                        Err(e) => panic!("{e}"),
                    }
                }
                acked
            })
        })
        .collect();
    // One request is half sent when the signal comes, and is finished after it.
    let mut slow = tokio::net::TcpStream::connect(served.address)
        .await
        .unwrap();
    let body = author("slow").to_string();
    let head = format!(
        "POST /api/v1/author HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    // And one connection is idle.
    let idle = tokio::net::TcpStream::connect(served.address)
        .await
        .unwrap();
    while done.load(Ordering::SeqCst) < 30 {
        tokio::task::yield_now().await;
    }
    stopping.store(true, Ordering::SeqCst);
    served.signal("-TERM");
    // The door is closed.
    while tokio::net::TcpStream::connect(served.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    slow.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let (code, log) = tokio::task::spawn_blocking(move || served.end())
        .await
        .unwrap();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("still running"), "{log}");
    drop(idle);
    let mut acked = vec!["slow".to_owned()];
    for writer in writers {
        acked.extend(writer.await.unwrap());
    }
    let stored = super::crash::slugs(&place).await;
    for slug in acked {
        assert!(stored.contains(&slug), "{slug} was acknowledged");
    }
}

#[tokio::test]
async fn d30_a_client_that_never_ends_does_not_keep_the_server_past_its_time() {
    let place = Place::new();
    let (served, token) = serve(&place, &[("QUARTERDECK_SERVER_SHUTDOWN_SECONDS", "1")]);
    let mut stuck = tokio::net::TcpStream::connect(served.address)
        .await
        .unwrap();
    let head = format!(
        "POST /api/v1/author HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    );
    stuck.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(
        reqwest::get(served.url("/healthz")).await.unwrap().status(),
        200
    );
    served.signal("-TERM");
    let (code, log) = tokio::task::spawn_blocking(move || served.end())
        .await
        .unwrap();
    assert_eq!(code, Some(0));
    assert!(log.contains("still running"), "{log}");
}

#[tokio::test]
async fn r16_what_the_shell_does_is_seen_by_the_running_server() {
    let place = Place::new();
    let (served, token) = serve(&place, &[]);
    let client = reqwest::Client::new();
    let status = async || {
        let request = client
            .get(served.url("/auth/session"))
            .header("x-api-key", &token);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status().await, 200);
    let done = place.run(&["user", "disable", "root"]);
    assert_eq!(done.code, 0, "{done:?}");
    let waiting = async {
        while status().await != 401 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(std::time::Duration::from_secs(20), waiting).await;
    waited.expect("the suspension is seen");
}

#[tokio::test]
async fn the_end_does_not_wait_for_a_hash_that_nobody_waits_for() {
    let place = Place::new();
    // Minutes for one hash, in memory that shows when it has begun. Who waits for it is ended by nextest's
    // own settings for this test.
    let settings = [
        ("QUARTERDECK_PASSWORD_MEMORY_KIB", "262144"),
        ("QUARTERDECK_PASSWORD_ITERATIONS", "1000"),
        ("QUARTERDECK_SERVER_SHUTDOWN_SECONDS", "0"),
    ];
    let (served, _) = serve(&place, &settings);
    let body = json!({"username": "nobody", "password": "a good password"});
    let login = reqwest::Client::new().post(served.url("/auth/login"));
    let login = tokio::spawn(login.json(&body).send());
    while served.peak().is_some_and(|kib| kib < 131_072) {
        assert!(!login.is_finished(), "the login was answered");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    served.signal("-TERM");
    let (code, log) = served.end();
    assert_eq!(code, Some(0));
    let said = "work that nobody waits for was still going on at the end";
    assert!(log.contains(said), "{log}");
    assert!(login.await.expect("its end").is_err(), "it was answered");
}
