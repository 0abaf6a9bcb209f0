//! A database that has no room left, or is damaged, by its own word.

use futures_util::future::join_all;
use reqwest::Method;
use sea_orm::{ConnectionTrait as _, DbBackend};
use serde_json::{Value as Json, json};

use crate::auth::{number, sql};
use crate::house::app::{TestApp, password};
use crate::house::tuned::{On, tuned};

fn author(slug: &str) -> Json {
    json!({"name": "Ada", "slug": slug, "country": "GB", "biography": "b".repeat(500)})
}

/// What makes every insert of an author fail as the server says.
fn failing(backend: DbBackend, code: (&str, u16)) -> Vec<String> {
    match backend {
        DbBackend::Postgres => vec![
            format!(
                "CREATE OR REPLACE FUNCTION failing() RETURNS trigger AS $$ BEGIN \
                 RAISE EXCEPTION 'secret of the disk' USING ERRCODE = '{}'; END $$ LANGUAGE plpgsql",
                code.0
            ),
            "CREATE TRIGGER failing BEFORE INSERT ON author FOR EACH ROW \
             EXECUTE FUNCTION failing()"
                .to_owned(),
        ],
        _ => vec![format!(
            "CREATE TRIGGER failing BEFORE INSERT ON author FOR EACH ROW \
             SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {}, MESSAGE_TEXT = 'secret of the disk'",
            code.1
        )],
    }
}

fn mended(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "DROP TRIGGER failing ON author",
        _ => "DROP TRIGGER failing",
    }
}

/// From now on, or no longer, there is no room for another page.
async fn fill(app: &TestApp, full: bool) {
    let db = app.app.engine.db();
    if db.backend() == DbBackend::Sqlite {
        let pages = if full { "1" } else { "4294967294" };
        let tx = db.begin().await.expect("the writer");
        let set = format!("PRAGMA max_page_count = {pages}");
        // No fewer than there are.
        tx.execute_unprepared(&set).await.expect("set");
        return tx.commit().await.expect("kept");
    }
    let statements = match full {
        true => failing(db.backend(), ("53100", 1021)),
        false => vec![mended(db.backend()).to_owned()],
    };
    for statement in statements {
        db.migrations()
            .execute_unprepared(&statement)
            .await
            .expect("a trigger");
    }
}

fn check_refusal(status: u16, problem: &Json, code: &str) {
    assert_eq!((status, &problem["code"]), (503, &json!(code)), "{problem}");
    assert_eq!(problem["status"], 503, "{problem}");
    assert!(!problem.to_string().contains("secret"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn d08_a_database_without_room_refuses_what_it_does_not_keep_and_goes_on_reading() {
    let name = "d08_a_database_without_room_refuses_what_it_does_not_keep_and_goes_on_reading";
    tuned(
        name,
        On::Each,
        |_| {},
        async |app| {
            let db = app.app.engine.db();
            let admin = app.login("admin").await;
            let mut acknowledged = 0;
            for round in 0..3 {
                fill(app, true).await;
                // Some find room in pages that are there.
                let writers = (0..8).map(|w| {
                    let admin = &admin;
                    async move {
                        for n in 0..10_000 {
                            let body = author(&format!("r{round}w{w}n{n}"));
                            let (status, problem) =
                                admin.send("POST", "/api/v1/author", body).await;
                            if status != 201 {
                                check_refusal(status, &problem, "no_room");
                                return n;
                            }
                        }
                        panic!("there is always room");
                    }
                });
                let made: i64 = join_all(writers).await.into_iter().sum();
                let count = number(db, "SELECT COUNT(*) FROM author").await;
                let before =
                    number(db, "SELECT COUNT(*) FROM author WHERE slug LIKE 'after%'").await;
                acknowledged += made;
                assert_eq!(count, acknowledged + before);
                let audited = "SELECT COUNT(*) FROM qd_audit WHERE model = 'author'";
                assert_eq!(number(db, audited).await, count);

                // Lists of operations too; and a page is shown, though its session's use is not noted.
                let many: Vec<Json> = (0..50)
                    .map(|n| json!({"verb": "create", "data": author(&format!("b{round}-{n}"))}))
                    .collect();
                for atomic in [true, false] {
                    let body = json!({"operations": many, "atomic": atomic});
                    let (status, problem) = admin.send("POST", "/api/v1/author/_bulk", body).await;
                    check_refusal(status, &problem, "no_room");
                }
                sql(db, "UPDATE qd_session SET seen_at = '2020-01-01 00:00:00'").await;
                app.app.identity.changed();
                for path in [
                    "/api/v1/author?count=exact",
                    "/admin/author",
                    "/readyz",
                    "/health",
                ] {
                    let answer = admin
                        .request(Method::GET, path)
                        .send()
                        .await
                        .expect("an answer");
                    assert_eq!(answer.status(), 200, "{path}");
                }
                assert_eq!(number(db, "SELECT COUNT(*) FROM author").await, count);

                fill(app, false).await;
                let body = author(&format!("after-{round}"));
                let (status, made) = admin.send("POST", "/api/v1/author", body).await;
                assert_eq!(status, 201, "{made}");
            }
            app.seal().await;
            assert_eq!(db.faults().await.expect("an answer"), [""; 0]);
        },
    )
    .await;
}

#[tokio::test]
async fn d08_a_login_without_room_is_refused_as_a_write_is() {
    let name = "d08_a_login_without_room_is_refused_as_a_write_is";
    tuned(
        name,
        On::Sqlite,
        |_| {},
        async |app| {
            fill(app, true).await;
            let body = json!({"username": "admin", "password": password("admin")});
            // What is free in the pages that are there is taken first.
            for _ in 0..2_000 {
                let anyone = app.anonymous();
                let (status, problem) = anyone.send("POST", "/auth/login", body.clone()).await;
                if status != 200 {
                    check_refusal(status, &problem, "no_room");
                    fill(app, false).await;
                    assert_eq!(anyone.send("POST", "/auth/login", body).await.0, 200);
                    return;
                }
            }
            panic!("there is always room");
        },
    )
    .await;
}

#[tokio::test]
async fn d03_d08_a_server_that_finds_its_storage_failing_or_damaged_says_so_and_no_more() {
    let name = "d03_d08_a_server_that_finds_its_storage_failing_or_damaged_says_so_and_no_more";
    tuned(
        name,
        On::Each,
        |_| {},
        async |app| {
            let db = app.app.engine.db();
            if db.backend() == DbBackend::Sqlite {
                // What the file does to SQLite is in tests/process.
                return;
            }
            let admin = app.login("admin").await;
            for (code, told) in [
                (("58030", 1026), "storage"),
                (("25006", 1290), "storage"),
                (("XX001", 1194), "damaged"),
                (("XX002", 1712), "damaged"),
                (("53100", 1114), "no_room"),
            ] {
                for statement in failing(db.backend(), code) {
                    db.migrations()
                        .execute_unprepared(&statement)
                        .await
                        .expect("a trigger");
                }
                let (status, problem) = admin.send("POST", "/api/v1/author", author("ada")).await;
                check_refusal(status, &problem, told);
                let mended = mended(db.backend());
                db.migrations()
                    .execute_unprepared(mended)
                    .await
                    .expect("mended");
            }
            assert_eq!(
                admin.send("POST", "/api/v1/author", author("ada")).await.0,
                201
            );
        },
    )
    .await;
}
