//! Names and amounts over HTTP: what a URL or a body can be made of reaches no statement but as a bound
//! value, and what would cost too much is refused with its limit named.

use quarterdeck::config::Config;
use serde_json::{Value, json};

use super::bodies::NAMES;
use crate::api::sample::statements;
use crate::house::app::TestApp;
use crate::house::tuned::{On, tuned};

/// Every byte but letters and digits, escaped.
fn escape(text: &str) -> String {
    let byte = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(b).to_string(),
        _ => format!("%{b:02X}"),
    };
    text.bytes().map(byte).collect()
}

async fn author(app: &TestApp) {
    let body = json!({"name": "Ada", "slug": "ada", "country": "GB"});
    app.make("author", body).await;
}

#[tokio::test]
async fn r37_a2_a58_no_name_of_a_request_reaches_a_statement() {
    let name = "r37_a2_a58_no_name_of_a_request_reaches_a_statement";
    tuned(
        name,
        On::Each,
        |_| {},
        async |app| {
            author(app).await;
            let admin = app.login("admin").await;
            assert_eq!(admin.get("/api/v1/author").await.0, 200);
            app.statements();
            for name in NAMES {
                let marked = format!("{name}qd_canary");
                for name in [*name, marked.as_str()] {
                    let escaped = escape(name);
                    for door in ["/api/v1", "/admin"] {
                        // An empty name stands for none in a list of names.
                        let lists: &[&str] = if name.is_empty() {
                            &[]
                        } else {
                            &["sort", "fields", "expand", "count", "limit"]
                        };
                        let lists = lists.iter().map(|p| format!("{p}={escaped}"));
                        let named = [
                            format!("{escaped}=1"),
                            format!("{escaped}__eq=1"),
                            format!("name__{escaped}=1"),
                            format!("book.{escaped}=1"),
                            format!("{escaped}.name=1"),
                        ];
                        for query in lists.chain(named) {
                            // `limit=1` is a number, and `name__=1` is told by its own test.
                            if query == "limit=1" || query == "limit=%31" {
                                continue;
                            }
                            let (status, body) = admin.get(&format!("{door}/author?{query}")).await;
                            assert_eq!(status, 400, "{door} {query}: {body}");
                        }
                    }
                    for body in [
                        json!({"where": {name: 1}}),
                        json!({"where": {"or": [{"not": {name: {"a": 1}}}]}}),
                        json!({"where": {format!("name__{name}"): "x"}}),
                        json!({name: 1}),
                        json!({"sort": [name]}),
                        json!({"fields": [name]}),
                        json!({"count": name}),
                    ] {
                        // An empty name stands for none in a list of names.
                        if body["sort"] == json!([""]) || body["fields"] == json!([""]) {
                            continue;
                        }
                        let (status, problem) = admin
                            .send("POST", "/api/v1/author/_search", body.clone())
                            .await;
                        assert_eq!(status, 400, "{body}: {problem}");
                    }
                    for method in ["POST", "PUT", "PATCH"] {
                        let to = if method == "POST" {
                            "/api/v1/author"
                        } else {
                            "/api/v1/author/1"
                        };
                        let (status, problem) = admin.send(method, to, json!({name: 1})).await;
                        assert_eq!(status, 422, "{method} {name:?}: {problem}");
                    }
                    let (status, _) = admin.get(&format!("/api/v1/{escaped}")).await;
                    // No name is the path's own end, and dots are taken out of a path on the way.
                    let gone = ["", ".", ".."].contains(&name);
                    assert!(status == 404 || gone, "/api/v1/{escaped}: {status}");
                }
            }
            // Nothing of it was asked of the database, but for who is asking.
            assert_eq!(statements(app), Vec::<String>::new());
            // A value is bound, however it looks, in every place a value has.
            for name in NAMES.iter().filter(|n| !n.contains('\0')) {
                let marked = format!("{name}qd_canary");
                let escaped = escape(&marked);
                for query in [
                    "name=@",
                    "name__icontains=@",
                    "name__in=@,@",
                    "q=@",
                    "book.title__ne=@",
                ] {
                    let path = format!("/api/v1/author?{}", query.replace('@', &escaped));
                    let (status, body) = admin.get(&path).await;
                    assert_eq!(status, 200, "{path}: {body}");
                }
                let body = json!({"biography": marked});
                let (status, body) = admin.send("PATCH", "/api/v1/author/1", body).await;
                assert_eq!((status, &body["biography"]), (200, &json!(marked)));
            }
            let ran = app.statements();
            assert!(ran.len() > 200, "{}", ran.len());
            let canary = ran.iter().find(|sql| sql.contains("qd_canary"));
            assert_eq!(canary, None);
        },
    )
    .await;
}

/// The detail of the only fault, or of the first.
fn said(problem: &Value) -> String {
    problem["errors"][0]["detail"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn r51_a_query_over_its_budget_is_a_400_that_names_the_limit() {
    let name = "r51_a_query_over_its_budget_is_a_400_that_names_the_limit";
    tuned(
        name,
        On::Each,
        |_| {},
        async |app| {
            author(app).await;
            let admin = app.login("admin").await;
            let conditions = |n: usize| vec!["name__ne=x"; n].join("&");
            let values = |n: usize| format!("name__in={}", vec!["x"; n].join(","));
            let tree = |n: usize| json!({"where": {"or": vec![json!({"name": "x"}); n]}});
            let deep = |n: usize| {
                let mut tree = json!({"name": "x"});
                for _ in 0..n {
                    tree = json!({"not": tree});
                }
                json!({"where": tree})
            };
            for (within, over, limit) in [
                (conditions(20), conditions(21), "max_conditions"),
                (values(500), values(501), "max_in"),
                ("limit=100".into(), "limit=101".into(), "max_limit"),
                ("page=400".into(), "page=401".into(), "max_offset"),
                ("offset=9975".into(), "offset=9976".into(), "max_offset"),
                (
                    "book.author.book.title=x".into(),
                    "book.author.book.author.name=x".into(),
                    "3",
                ),
                (
                    "expand=book.author.book".into(),
                    "expand=book.author.book.author".into(),
                    "3",
                ),
                (
                    format!("q={}", vec!["ab"; 20].join("%20")),
                    format!("q={}", vec!["ab"; 21].join("%20")),
                    "max_conditions",
                ),
            ] {
                let (status, body) = admin.get(&format!("/api/v1/author?{within}")).await;
                assert_eq!(status, 200, "{within}: {body}");
                for door in ["/api/v1", "/admin"] {
                    let (status, problem) = admin.get(&format!("{door}/author?{over}")).await;
                    assert_eq!(status, 400, "{door} {over}: {problem}");
                    let told = if door == "/admin" {
                        problem.to_string()
                    } else {
                        said(&problem)
                    };
                    assert!(told.contains(limit), "{over}: {problem}");
                }
            }
            for (within, over, limit) in [
                (tree(20), tree(21), "max_conditions"),
                (deep(7), deep(9), "deep"),
                (json!({"limit": 100}), json!({"limit": 101}), "max_limit"),
            ] {
                let (status, body) = admin.send("POST", "/api/v1/author/_search", within).await;
                assert_eq!(status, 200, "{body}");
                let (status, problem) = admin.send("POST", "/api/v1/author/_search", over).await;
                assert_eq!(status, 400, "{problem}");
                assert!(problem.to_string().contains(limit), "{problem}");
            }
            // The limits are settings: a read embeds no more than a list.
            let (status, _) = admin
                .get("/api/v1/author/1?expand=book.author.book.author")
                .await;
            assert_eq!(status, 400);
        },
    )
    .await;
}

/// A statement that takes too long is given up, by the database or, on SQLite, by the connection.
#[tokio::test]
async fn r51_a_statement_that_takes_too_long_is_a_400_that_names_the_limit() {
    let name = "r51_a_statement_that_takes_too_long_is_a_400_that_names_the_limit";
    let tune = |c: &mut Config| {
        c.database.statement_timeout = std::time::Duration::from_secs(2);
        c.database.acquire_timeout = std::time::Duration::from_secs(30);
    };
    tuned(name, On::Each, tune, async |app| {
        use sea_orm::{ConnectionTrait as _, DbBackend};
        let db = app.app.engine.db();
        let slow = match db.backend() {
            DbBackend::Sqlite => {
                "ALTER TABLE author RENAME TO author_rows; \
                 CREATE VIEW author AS SELECT a.* FROM author_rows a WHERE 0 < (WITH RECURSIVE n(i) \
                 AS (SELECT a.id UNION ALL SELECT i + 1 FROM n WHERE i < 4000000000) \
                 SELECT COUNT(*) FROM n)"
            }
            DbBackend::Postgres => {
                "ALTER TABLE author RENAME TO author_rows; \
                 CREATE VIEW author AS SELECT a.* FROM author_rows a, pg_sleep(20)"
            }
            _ => {
                "RENAME TABLE author TO author_rows; \
                 CREATE VIEW author AS SELECT a.* FROM author_rows a WHERE SLEEP(20) = 0"
            }
        };
        author(app).await;
        let admin = app.login("admin").await;
        for sql in slow.split("; ") {
            db.migrations()
                .execute_unprepared(sql)
                .await
                .expect("a slow view");
        }
        for path in [
            "/api/v1/author",
            "/api/v1/author?count=exact",
            "/api/v1/author/1",
        ] {
            let (status, problem) = admin.get(path).await;
            assert_eq!(status, 400, "{path}: {problem}");
            let fault = &problem["errors"][0];
            assert_eq!(
                (&fault["code"], &fault["parameter"]),
                (&json!("statement_timeout"), &json!("statement_timeout")),
                "{path}"
            );
            for word in ["SELECT", "pg_sleep", "SLEEP"] {
                assert!(!problem.to_string().contains(word), "{problem}");
            }
        }
        // The pool is whole, and others go on.
        for _ in 0..10 {
            assert_eq!(admin.get("/api/v1/book").await.0, 200);
        }
    })
    .await;
}
