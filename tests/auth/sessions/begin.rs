//! A session begins with a login and with nothing else, and its secret is kept nowhere.

use quarterdeck_entity::system as own;
use reqwest::Method;
use sea_orm::{ConnectionTrait as _, EntityTrait as _};
use serde_json::json;

use super::{login, whoami};
use crate::auth::{cookie, number, tokens};
use crate::house::app::{TestApp, password};
use crate::house::tuned::{On, as_it_is, tuned};

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

/// Every row of Quarterdeck's own tables as text.
async fn dump(app: &TestApp) -> String {
    let db = app.app.engine.db().reader();
    let mut text = String::new();
    macro_rules! add {
        ($($table:ident),*) => {$(
            let rows = own::$table::Entity::find().into_json().all(db).await.unwrap();
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
        let token = tokens::make(app, "admin", None, None).await;
        assert_eq!(tokens::bearer(app, "/auth/session", &token).await, 200);
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
