//! A hundred clients, or one that has lost its patience, send the same request at the same moment, to
//! two nodes on one database.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::sample::{Reply, call};
use crate::auth::number;
use crate::house::app::{Session, TestApp, config};
use crate::house::fresh;

/// What is sent, and what counts the rows that it has made.
struct Sent {
    path: &'static str,
    body: Value,
    rows: String,
}

/// A record with a unique name, one of this book without, and a list.
fn requests(round: usize, book: &Value) -> Vec<Sent> {
    let author = |slug: String| json!({"name": "Ada", "slug": slug, "country": "GB"});
    let named = |slug: &str| format!("SELECT COUNT(*) FROM author WHERE slug = '{slug}'");
    let (one, two) = (format!("one-{round}"), format!("two-{round}"));
    vec![
        Sent {
            path: "/api/v1/author",
            body: author(one.clone()),
            rows: named(&one),
        },
        Sent {
            path: "/api/v1/stock_event",
            body: json!({"book_id": book, "kind": "sold", "delta": round, "at": "2026-01-01T00:00:00Z"}),
            rows: format!("SELECT COUNT(*) FROM stock_event WHERE delta = {round}"),
        },
        Sent {
            path: "/api/v1/author/_bulk",
            body: json!({"operations": [{"verb": "create", "data": author(two.clone())}]}),
            rows: named(&two),
        },
    ]
}

async fn post(session: &Session<'_>, key: &str, sent: &Sent) -> Reply {
    let key = [("idempotency-key", key)];
    call(session, ("POST", sent.path), &key, Some(&sent.body)).await
}

fn is_done(reply: &Reply) -> bool {
    matches!(reply.status, 200 | 201)
}

fn is_first(reply: &Reply) -> bool {
    is_done(reply) && reply.header("idempotency-replayed").is_empty()
}

#[tokio::test(flavor = "multi_thread")]
async fn d25_of_a_hundred_with_one_key_one_writes_and_no_other_is_told_anything_else() {
    let name = "d25_of_a_hundred_with_one_key_one_writes_and_no_other_is_told_anything_else";
    for database in fresh(name).await {
        let start = || TestApp::start(config(&database.url), quarterdeck::demo::register);
        let (one, two) = (start().await, start().await);
        one.user("admin", true, json!([])).await;
        let (first, second) = (one.login("admin").await, two.login("admin").await);
        let author = json!({"name": "Ada", "slug": "ada", "country": "GB"});
        let author = one.make("author", author).await["id"].clone();
        let book = json!({"isbn": "9780000000001", "title": "Notes", "author_id": author,
            "price": "1.00", "pages": 10, "language": "en"});
        let book = one.make("book", book).await["id"].clone();
        for round in 1..4 {
            for (n, sent) in requests(round, &book).iter().enumerate() {
                let key = format!("key-{round}-{n}");
                let at_once = (0..100).map(|n| {
                    let node = if n % 2 == 0 { &first } else { &second };
                    post(node, &key, sent)
                });
                let all = join_all(at_once).await;
                let new: Vec<&Reply> = all.iter().filter(|r| is_first(r)).collect();
                let [made] = new[..] else {
                    panic!("{} {round}: {} wrote", sent.path, new.len());
                };
                for other in all.iter().filter(|r| !is_first(r)) {
                    if is_done(other) {
                        assert_eq!((other.status, &other.text), (made.status, &made.text));
                        continue;
                    }
                    let told = (other.status, other.json()["code"].clone());
                    assert_eq!(
                        told,
                        (409, "idempotency_in_flight".into()),
                        "{}",
                        other.text
                    );
                }
                assert_eq!(number(one.app.engine.db(), &sent.rows).await, 1);
                // Afterwards each node has the answer.
                for node in [&first, &second] {
                    let again = post(node, &key, sent).await;
                    assert_eq!(again.header("idempotency-replayed"), "true");
                    assert_eq!((again.status, &again.text), (made.status, &made.text));
                }
            }
        }
        drop((first, second));
        two.stop().await;
        one.stop().await;
        database.remove().await;
    }
}
