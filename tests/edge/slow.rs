//! Clients that take their time. Every one of these waits for the server to end something.

use std::time::Duration;

use futures_util::future::join_all;
use quarterdeck::config::Config;

use crate::house::tuned::{On, tuned};

use super::wire::{Wire, head};

/// Short enough to wait for, and no two the same.
fn impatient(config: &mut Config) {
    let server = &mut config.server;
    server.header_timeout = Duration::from_millis(300);
    server.body_idle = Duration::from_millis(400);
    server.keep_alive = Duration::from_millis(700);
    server.request = Duration::from_millis(1_500);
}

#[tokio::test]
async fn r52_d12_a_head_that_does_not_come_in_time_ends_the_connection() {
    let name = "r52_d12_a_head_that_does_not_come_in_time_ends_the_connection";
    let tune = |c: &mut Config| {
        impatient(c);
        c.server.keep_alive = Duration::from_secs(3_600);
    };
    tuned(name, On::Sqlite, tune, async |app| {
        for begin in [
            "\r\n",
            "",
            "G",
            "PRI * HT",
            "GET /healthz HTTP/1.1\r\n",
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\n",
        ] {
            let mut wire = Wire::open(app).await;
            wire.send(begin).await;
            wire.end().await;
        }
        // One that keeps sending, and never comes to an end.
        let mut wire = Wire::open(app).await;
        wire.send("GET /healthz HTTP/1.1\r\n").await;
        while wire.send("X-A: b\r\n").await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // The second head of a connection.
        let mut wire = Wire::open(app).await;
        wire.send(head(app, "GET /healthz HTTP/1.1", &[])).await;
        assert_eq!(wire.answer().await.map(|a| a.status), Some(200));
        wire.send("GET /healthz HTTP/1.1\r\n").await;
        wire.end().await;
    })
    .await;
}

#[tokio::test]
async fn r52_an_idle_connection_is_kept_for_a_while_and_then_ended() {
    let name = "r52_an_idle_connection_is_kept_for_a_while_and_then_ended";
    let tune = |c: &mut Config| {
        impatient(c);
        c.server.keep_alive = Duration::from_secs(5);
    };
    tuned(name, On::Sqlite, tune, async |app| {
        let mut wire = Wire::open(app).await;
        for _ in 0..2 {
            wire.send(head(app, "GET /healthz HTTP/1.1", &[])).await;
            assert_eq!(wire.answer().await.map(|a| a.status), Some(200));
            // Longer than a head may take, shorter than idleness may last.
            tokio::time::sleep(Duration::from_millis(450)).await;
        }
        wire.end().await;
    })
    .await;
}

#[tokio::test]
async fn r52_d12_a_body_that_stops_is_given_up() {
    let name = "r52_d12_a_body_that_stops_is_given_up";
    tuned(name, On::Sqlite, impatient, async |app| {
        let headers = ["Content-Type: application/json", "Content-Length: 1000"];
        let chunked = [
            "Content-Type: application/json",
            "Transfer-Encoding: chunked",
        ];
        for (headers, begin) in [
            (headers, "{\"use"),
            (chunked, "3e8\r\n{\"use"),
            (chunked, "3"),
        ] {
            let mut wire = Wire::open(app).await;
            wire.send(head(app, "POST /auth/login HTTP/1.1", &headers))
                .await;
            wire.send(begin).await;
            let answer = wire.answer().await.expect("an answer");
            assert_eq!(answer.status, 400, "{begin} {answer:?}");
            wire.end().await;
        }
    })
    .await;
}

#[tokio::test]
async fn r52_d12_a_body_that_trickles_is_given_up() {
    let name = "r52_d12_a_body_that_trickles_is_given_up";
    let tune = |c: &mut Config| {
        impatient(c);
        c.server.body_idle = Duration::from_secs(3_600);
    };
    tuned(name, On::Sqlite, tune, async |app| {
        let headers = ["Content-Type: application/json", "Content-Length: 1000"];
        let mut wire = Wire::open(app).await;
        wire.send(head(app, "POST /auth/login HTTP/1.1", &headers))
            .await;
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(30)).await;
            if !wire.send(" ").await {
                break;
            }
        }
        let answer = wire.answer().await.expect("an answer");
        assert_eq!((answer.status, answer.code().as_str()), (503, "timeout"));
        wire.end().await;
    })
    .await;
}

#[tokio::test]
async fn r52_d12_a_client_that_does_not_take_its_answer_loses_its_place() {
    let name = "r52_d12_a_client_that_does_not_take_its_answer_loses_its_place";
    let tune = |c: &mut Config| {
        impatient(c);
        c.server.max_connections = 1;
    };
    tuned(name, On::Sqlite, tune, async |app| {
        let mut greedy = Wire::open(app).await;
        let one = head(
            app,
            "GET /static/swagger-ui/swagger-ui-bundle.js HTTP/1.1",
            &[],
        );
        greedy.send(one.repeat(60)).await;
        // There is one place; when this is answered, the other has left it.
        let mut next = Wire::open(app).await;
        next.send(head(app, "GET /healthz HTTP/1.1", &[])).await;
        assert_eq!(next.answer().await.map(|a| a.status), Some(200));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r52_d12_many_slow_clients_do_not_keep_a_good_one_from_its_answer() {
    let name = "r52_d12_many_slow_clients_do_not_keep_a_good_one_from_its_answer";
    let tune = |c: &mut Config| {
        let hour = Duration::from_secs(3_600);
        (
            c.server.header_timeout,
            c.server.body_idle,
            c.server.request,
        ) = (hour, hour, hour);
    };
    tuned(name, On::Sqlite, tune, async |app| {
        let slow = join_all((0..300).map(async |n| {
            let mut wire = Wire::open(app).await;
            let headers = ["Content-Type: application/json", "Content-Length: 1000"];
            let text = head(app, "POST /auth/login HTTP/1.1", &headers);
            wire.send(&text[..text.len() - n % 3 * 20]).await;
            wire
        }))
        .await;
        let admin = app.login("admin").await;
        assert_eq!(admin.get("/api/v1/author").await.0, 200);
        assert_eq!(slow.len(), 300);
    })
    .await;
}
