//! How sessions begin, last and end.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use quarterdeck::config::Config;
use quarterdeck_entity::system::session;
use reqwest::Method;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};

use crate::house::app::{Session, TestApp, config, grant_all, password};
use crate::house::tuned::{On, tuned};

use super::{cookie, number, sql};

fn as_it_is(_: &mut Config) {}

/// Another node of the same installation.
async fn second(app: &TestApp) -> TestApp {
    let mut settings = config(app.app.config.database.url.expose());
    settings.session = app.app.config.session;
    TestApp::start(settings, quarterdeck::demo::register).await
}

/// The cookie of a fresh login.
async fn login(app: &TestApp, name: &str) -> String {
    let client = app.anonymous();
    let form = [("username", name.to_owned()), ("password", password(name))];
    let request = client.request(Method::POST, "/auth/login").form(&form);
    let response = request.send().await.expect("an answer");
    cookie(response.headers()).expect("a cookie")
}

/// Who a cookie is, by status.
async fn whoami(app: &TestApp, value: &str) -> u16 {
    get(app, "/auth/session", value).await
}

async fn get(app: &TestApp, path: &str, value: &str) -> u16 {
    let request = app.anonymous().request(Method::GET, path);
    let request = request.header("cookie", format!("quarterdeck_session={value}"));
    request.send().await.expect("an answer").status().as_u16()
}

/// Waits until a cookie's status on another node is `wanted`.
async fn becomes(app: &TestApp, path: &str, value: &str, wanted: u16) {
    let waiting = async {
        while get(app, path, value).await != wanted {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    waited.unwrap_or_else(|_| panic!("{path} never became {wanted}"));
}

#[tokio::test]
async fn r12_a_planted_cookie_is_not_the_one_after_login_and_stays_dead() {
    let name = "r12_a_planted_cookie_is_not_the_one_after_login_and_stays_dead";
    tuned(name, On::Each, as_it_is, async |app| {
        // One that never was, and one that the attacker himself got by logging in.
        app.user("mallory", false, json!([])).await;
        for planted in ["A".repeat(43), login(app, "mallory").await] {
            let client = app.anonymous();
            let form = [
                ("username", "admin".to_owned()),
                ("password", password("admin")),
            ];
            let request = client.request(Method::POST, "/auth/login").form(&form);
            let request = request.header("cookie", format!("quarterdeck_session={planted}"));
            let fresh = cookie(request.send().await.unwrap().headers()).unwrap();
            assert_ne!(fresh, planted);
            assert_eq!(whoami(app, &fresh).await, 200);
            assert_eq!(whoami(app, &planted).await, 401);
        }
    })
    .await;
}

#[tokio::test]
async fn r13_a85_an_unknown_cookie_never_becomes_a_session() {
    let name = "r13_a85_an_unknown_cookie_never_becomes_a_session";
    tuned(name, On::Each, as_it_is, async |app| {
        let db = app.app.engine.db();
        let long = "x".repeat(4_000);
        for value in [
            "",
            "1",
            "A",
            &"A".repeat(43),
            &"é".repeat(20),
            "' OR 1=1 --",
            &long,
            "null",
        ] {
            let request = app.anonymous().request(Method::GET, "/auth/session");
            let request = request.header("cookie", format!("quarterdeck_session={value}"));
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 401, "{value}");
            assert!(!response.headers().contains_key("set-cookie"));
        }
        assert_eq!(number(db, "SELECT COUNT(*) FROM qd_session").await, 0);
        // Insert-only: the hash of another session cannot be taken over, not even by accident.
        let value = login(app, "admin").await;
        let again = "INSERT INTO qd_session (token_hash, user_id, created_at, expires_at, seen_at) \
                     SELECT token_hash, user_id, created_at, expires_at, seen_at FROM qd_session";
        let taken = db.migrations().execute_unprepared(again).await;
        assert!(taken.is_err());
        assert_eq!(whoami(app, &value).await, 200);
    })
    .await;
}

/// Moves the only session in time, as if it had been made and used so long ago.
async fn age(app: &TestApp, created: TimeDelta, seen: TimeDelta, expires_in: TimeDelta) {
    let now = Utc::now();
    let moved = session::Entity::update_many()
        .col_expr(session::Column::CreatedAt, Expr::value(now - created))
        .col_expr(session::Column::SeenAt, Expr::value(now - seen))
        .col_expr(session::Column::ExpiresAt, Expr::value(now + expires_in))
        .exec(app.app.engine.db().migrations())
        .await;
    assert_eq!(moved.unwrap().rows_affected, 1);
    app.app.identity.changed();
}

async fn stored(app: &TestApp) -> session::Model {
    let row = session::Entity::find()
        .one(app.app.engine.db().reader())
        .await;
    row.unwrap().expect("a session")
}

/// Whether two times are the same but for the time that a test takes.
fn near(a: DateTime<Utc>, b: DateTime<Utc>) -> bool {
    (a - b).abs() < TimeDelta::minutes(5)
}

#[tokio::test]
async fn r14_each_request_moves_the_end_of_a_session_but_never_past_its_last_day() {
    let name = "r14_each_request_moves_the_end_of_a_session_but_never_past_its_last_day";
    tuned(name, On::Each, as_it_is, async |app| {
        let value = login(app, "admin").await;
        let now = Utc::now();
        assert!(near(
            stored(app).await.expires_at,
            now + TimeDelta::hours(72)
        ));
        let (hour, day) = (TimeDelta::hours(1), TimeDelta::days(1));
        age(app, day, hour, hour).await;
        assert_eq!(whoami(app, &value).await, 200);
        let row = stored(app).await;
        assert!(
            near(row.expires_at, now + TimeDelta::hours(72)) && near(row.seen_at, now),
            "{row:?}"
        );
        age(app, day * 29, hour, hour).await;
        assert_eq!(whoami(app, &value).await, 200);
        let row = stored(app).await;
        assert_eq!(row.expires_at, row.created_at + day * 30);
        age(app, day, hour, -TimeDelta::milliseconds(1)).await;
        assert_eq!(whoami(app, &value).await, 401);
    })
    .await;
}

#[tokio::test]
async fn r14_a_session_in_use_outlives_a_short_limit_and_then_ends_for_good() {
    let name = "r14_a_session_in_use_outlives_a_short_limit_and_then_ends_for_good";
    let tune = |c: &mut Config| {
        c.session.inactivity = Duration::from_millis(1_000);
        c.session.max_age = Duration::from_millis(3_000);
    };
    tuned(name, On::Sqlite, tune, async |app| {
        let value = login(app, "admin").await;
        let begun = stored(app).await.created_at;
        let mut lived = TimeDelta::zero();
        // Used all the time it lives to its absolute end, which is three times its idle limit.
        while whoami(app, &value).await == 200 {
            lived = Utc::now() - begun;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(lived > TimeDelta::milliseconds(1_500), "{lived}");
        assert_eq!(whoami(app, &value).await, 401);
        let purged = super::internal::purge(app).await;
        assert_eq!(purged, 1);
    })
    .await;
}

#[tokio::test]
async fn r14_a_session_in_use_on_one_node_is_alive_on_another_that_has_not_seen_it_lately() {
    let name = "r14_a_session_in_use_on_one_node_is_alive_on_another_that_has_not_seen_it_lately";
    let tune = |c: &mut Config| c.session.inactivity = Duration::from_millis(1_000);
    tuned(name, On::Sqlite, tune, async |app| {
        let other = second(app).await;
        let value = login(app, "admin").await;
        assert_eq!(whoami(&other, &value).await, 200);
        let begun = Utc::now();
        while Utc::now() - begun < TimeDelta::milliseconds(1_500) {
            assert_eq!(whoami(app, &value).await, 200);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(whoami(&other, &value).await, 200);
        other.stop().await;
    })
    .await;
}

fn writes(app: &TestApp, table: &str) -> usize {
    let all = app.statements();
    let of = |sql: &&String| sql.starts_with("UPDATE") && sql.contains(table);
    all.iter().filter(of).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn r14_two_hundred_reads_write_a_session_down_once_at_most() {
    let name = "r14_two_hundred_reads_write_a_session_down_once_at_most";
    tuned(name, On::Each, as_it_is, async |app| {
        let value = login(app, "admin").await;
        app.statements();
        for _ in 0..200 {
            assert_eq!(whoami(app, &value).await, 200);
        }
        assert_eq!(writes(app, "qd_session"), 0);
        let minute = TimeDelta::seconds(61);
        age(app, minute, minute, minute).await;
        app.statements();
        let all = join_all((0..200).map(|_| whoami(app, &value))).await;
        assert_eq!(all, [200; 200]);
        assert_eq!(writes(app, "qd_session"), 1);
    })
    .await;
}

/// The record of a user.
async fn user_path(admin: &Session<'_>, name: &str) -> String {
    let (_, found) = admin.get(&format!("/api/v1/qd_user?username={name}")).await;
    format!("/api/v1/qd_user/{}", found["data"][0]["id"])
}

#[tokio::test]
async fn r16_a_suspension_a_deletion_and_a_new_password_end_sessions_on_every_node() {
    let name = "r16_a_suspension_a_deletion_and_a_new_password_end_sessions_on_every_node";
    tuned(name, On::Each, as_it_is, async |app| {
        let other = second(app).await;
        let admin = app.login("admin").await;
        for how in [
            "suspend",
            "delete",
            "own password",
            "administrator's password",
            "end",
        ] {
            let user = format!("user {how}").replace([' ', '\''], "_");
            let id = app.user(&user, false, json!([])).await;
            let value = login(app, &user).await;
            let path = user_path(&admin, &user).await;
            becomes(&other, "/auth/session", &value, 200).await;
            match how {
                "suspend" => {
                    let done = admin
                        .send("PATCH", &path, json!({"is_active": false}))
                        .await;
                    assert_eq!(done.0, 200, "{}", done.1);
                }
                "delete" => assert_eq!(admin.send("DELETE", &path, Value::Null).await.0, 204),
                "own password" => {
                    let body = json!({"current": password(&user), "new": "another good one"});
                    let request = app.anonymous().request(Method::POST, "/auth/password");
                    let request = request.header("cookie", format!("quarterdeck_session={value}"));
                    assert_eq!(request.json(&body).send().await.unwrap().status(), 204);
                }
                "administrator's password" => {
                    let passwords = &app.app.accounts.passwords;
                    let db = app.app.engine.db();
                    let new = "another good one";
                    quarterdeck::auth::accounts::set_password(db, passwords, id, new)
                        .await
                        .unwrap();
                    app.app.identity.changed();
                }
                _ => {
                    let (_, mine) = admin.get(&format!("/api/v1/qd_session?user_id={id}")).await;
                    let path = format!("/api/v1/qd_session/{}", mine["data"][0]["id"]);
                    assert_eq!(admin.send("DELETE", &path, Value::Null).await.0, 204);
                }
            }
            assert_eq!(whoami(app, &value).await, 401, "{how}");
            becomes(&other, "/auth/session", &value, 401).await;
        }
        other.stop().await;
    })
    .await;
}

#[tokio::test]
async fn r16_r42_a_role_given_or_taken_away_counts_from_the_next_request_on_every_node() {
    let name = "r16_r42_a_role_given_or_taken_away_counts_from_the_next_request_on_every_node";
    tuned(name, On::Each, as_it_is, async |app| {
        let other = second(app).await;
        let admin = app.login("admin").await;
        let grants = json!([grant_all("author", json!("all"))]);
        let id = app.user("reader", false, grants).await;
        let value = login(app, "reader").await;
        let authors = "/api/v1/author";
        assert_eq!(get(app, authors, &value).await, 200);
        becomes(&other, authors, &value, 200).await;
        let (_, found) = admin
            .get(&format!("/api/v1/qd_user_role?user_id={id}"))
            .await;
        let role = found["data"][0]["role_id"].clone();
        let path = format!("/api/v1/qd_user_role/{id},{role}");
        assert_eq!(admin.send("DELETE", &path, Value::Null).await.0, 204);
        assert_eq!(get(app, authors, &value).await, 404);
        becomes(&other, authors, &value, 404).await;
        let back = json!({"user_id": id, "role_id": role});
        assert_eq!(
            admin.send("POST", "/api/v1/qd_user_role", back).await.0,
            201
        );
        assert_eq!(get(app, authors, &value).await, 200);
        becomes(&other, authors, &value, 200).await;
        other.stop().await;
    })
    .await;
}

#[tokio::test]
async fn r17_users_see_and_end_their_own_sessions_and_nobody_elses() {
    let name = "r17_users_see_and_end_their_own_sessions_and_nobody_elses";
    tuned(name, On::Each, as_it_is, async |app| {
        app.user("ada", false, json!([])).await;
        let (first, second) = (app.login("ada").await, app.login("ada").await);
        let admin = app.login("admin").await;
        let (status, mine) = first.get("/auth/sessions").await;
        let rows = mine["data"].as_array().unwrap();
        assert_eq!((status, rows.len()), (200, 2), "{mine}");
        assert!(!mine.to_string().contains("hash"));
        let other = rows.iter().find(|r| r["current"] == false).unwrap();
        let path = format!("/auth/sessions/{}", other["id"]);
        assert_eq!(admin.send("DELETE", &path, Value::Null).await.0, 404);
        assert_eq!(second.get("/auth/session").await.0, 200);
        assert_eq!(first.send("DELETE", &path, Value::Null).await.0, 204);
        assert_eq!(second.get("/auth/session").await.0, 401);
        assert_eq!(first.get("/auth/session").await.0, 200);
        assert_eq!(app.anonymous().get("/auth/sessions").await.0, 401);
    })
    .await;
}

/// Every row of Quarterdeck's own tables as text.
async fn dump(app: &TestApp) -> String {
    use quarterdeck_entity::system as s;
    let db = app.app.engine.db().reader();
    let mut text = String::new();
    macro_rules! add {
        ($($table:ident),*) => {$(
            let rows = s::$table::Entity::find().into_json().all(db).await.unwrap();
            text.push_str(&serde_json::to_string(&rows).unwrap());
        )*};
    }
    add!(
        user,
        role,
        user_role,
        grant,
        session,
        token,
        audit,
        state,
        login_throttle
    );
    text
}

#[tokio::test]
async fn r10_a_dump_of_the_database_has_no_cookie_token_or_link_in_it() {
    let name = "r10_a_dump_of_the_database_has_no_cookie_token_or_link_in_it";
    tuned(name, On::Each, as_it_is, async |app| {
        let db = app.app.engine.db();
        let link = quarterdeck::auth::setup::offer(db).await.unwrap();
        let value = login(app, "admin").await;
        let token = super::tokens::make(app, "admin", None, None).await;
        assert_eq!(
            super::tokens::bearer(app, "/auth/session", &token).await,
            200
        );
        let text = dump(app).await;
        assert!(
            text.contains("admin") && text.contains("setup_link"),
            "{text}"
        );
        for secret in [value.as_str(), &token, link.expose(), &password("admin")] {
            assert!(!text.contains(secret), "{secret}");
            assert!(!text.contains(&secret[5..35.min(secret.len())]), "{secret}");
        }
        if db.backend() == sea_orm::DbBackend::Sqlite {
            let url = app.app.config.database.url.expose();
            let file = url.trim_start_matches("sqlite://");
            for end in ["", "-wal"] {
                let bytes = std::fs::read(format!("{file}{end}")).unwrap();
                let found = bytes.windows(value.len()).any(|w| w == value.as_bytes());
                assert!(!found, "{file}{end}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a41_the_session_and_token_of_a_deleted_user_never_belong_to_the_next_one() {
    let name = "a41_the_session_and_token_of_a_deleted_user_never_belong_to_the_next_one";
    tuned(name, On::Each, as_it_is, async |app| {
        let admin = app.login("admin").await;
        let gone = app.user("gone", false, json!([])).await;
        let value = login(app, "gone").await;
        let token = super::tokens::make(app, "gone", None, None).await;
        let path = format!("/api/v1/qd_user/{gone}");
        assert_eq!(admin.send("DELETE", &path, Value::Null).await.0, 204);
        let next = app.user("next", true, json!([])).await;
        assert!(next > gone, "{next} {gone}");
        assert_eq!(whoami(app, &value).await, 401);
        assert_eq!(
            super::tokens::bearer(app, "/auth/session", &token).await,
            401
        );
        let db = app.app.engine.db();
        let left = format!("SELECT COUNT(*) FROM qd_session WHERE user_id = {gone}");
        assert_eq!(number(db, &left).await, 0);
        // Nor when the row that had the highest number is taken out by other means.
        sql(db, &format!("DELETE FROM qd_user WHERE id = {next}")).await;
        assert!(app.user("after", false, json!([])).await > next);
        let orphans = session::Entity::find().filter(session::Column::UserId.eq(next));
        assert!(orphans.one(db.reader()).await.unwrap().is_none());
    })
    .await;
}
