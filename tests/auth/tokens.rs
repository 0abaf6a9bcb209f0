//! API tokens.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use quarterdeck::auth::tokens::{NewToken, create};
use quarterdeck::model::Verb;
use quarterdeck_entity::system::token;
use reqwest::Method;
use sea_orm::EntityTrait as _;
use sea_orm::sea_query::Expr;
use serde_json::{Value, json};

use crate::house::app::{TestApp, answer, grant_all};
use crate::house::tuned::{On, as_it_is, tuned};

use super::number;

type Scopes = Option<Vec<(String, Vec<Verb>)>>;

/// Makes a token of a user; its text.
pub(super) async fn make(
    app: &TestApp,
    owner: &str,
    scopes: Scopes,
    expires_at: Option<DateTime<Utc>>,
) -> String {
    let db = app.app.engine.db();
    let user = quarterdeck::auth::accounts::by_name(db, owner)
        .await
        .unwrap();
    let user_id = user.expect("the owner").id;
    let new = NewToken {
        user_id,
        name: "test".to_owned(),
        scopes,
        expires_at,
    };
    create(db, new).await.unwrap().expose().to_owned()
}

/// GET with headers; the status.
async fn with(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = app.anonymous().request(Method::GET, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer").status().as_u16()
}

/// GET with a token in `Authorization`.
pub(super) async fn bearer(app: &TestApp, path: &str, token: &str) -> u16 {
    with(app, path, &[("authorization", &format!("Bearer {token}"))]).await
}

#[tokio::test]
async fn r21_a_token_is_taken_from_either_header_and_noted_as_used() {
    let name = "r21_a_token_is_taken_from_either_header_and_noted_as_used";
    tuned(name, On::Each, as_it_is, async |app| {
        let token = make(app, "admin", None, None).await;
        let db = app.app.engine.db();
        let used = "SELECT COUNT(*) FROM qd_token WHERE last_used_at IS NOT NULL";
        assert_eq!(number(db, used).await, 0);
        assert_eq!(
            with(app, "/api/v1/author", &[("x-api-key", &token)]).await,
            200
        );
        assert_eq!(number(db, used).await, 1);
        for text in [format!("Bearer {token}"), format!("bearer {token}")] {
            assert_eq!(
                with(app, "/api/v1/author", &[("authorization", &text)]).await,
                200
            );
        }
        for text in [
            token.clone(),
            format!("Basic {token}"),
            format!("Token {token}"),
            "Bearer".to_owned(),
            "Bearer ".to_owned(),
            format!("Bearer {token}x"),
            format!("Bearer {}", &token[..51]),
            format!("Bearer {}", token.to_uppercase()),
        ] {
            assert_eq!(
                with(app, "/api/v1/author", &[("authorization", &text)]).await,
                401,
                "{text}"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r21_two_hundred_uses_write_a_token_down_once() {
    let name = "r21_two_hundred_uses_write_a_token_down_once";
    tuned(name, On::Each, as_it_is, async |app| {
        let token = make(app, "admin", None, None).await;
        app.statements();
        let all = join_all((0..200).map(|_| bearer(app, "/healthz", &token))).await;
        assert_eq!(all, [200; 200]);
        let all = join_all((0..200).map(|_| bearer(app, "/auth/session", &token))).await;
        assert_eq!(all, [200; 200]);
        let all = app.statements();
        let of = |sql: &&String| sql.starts_with("UPDATE") && sql.contains("qd_token");
        assert_eq!(all.iter().filter(of).count(), 1);
    })
    .await;
}

#[tokio::test]
async fn r22_cookies_are_not_looked_at_beside_a_token() {
    let name = "r22_cookies_are_not_looked_at_beside_a_token";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        app.user("reader", false, json!([])).await;
        let token = make(app, "reader", None, None).await;
        let admin = app.login("admin").await;
        for (header, value) in [
            ("authorization", format!("Bearer {token}")),
            ("x-api-key", token.clone()),
        ] {
            let request = admin
                .request(Method::GET, "/auth/session")
                .header(header, value);
            let (status, body) = answer(request.send().await.unwrap()).await;
            assert_eq!((status, &body["user"]["username"]), (200, &json!("reader")));
        }
        for (header, value) in [
            ("authorization", "Bearer qd_wrong".to_owned()),
            ("authorization", "Basic YTpi".to_owned()),
            ("authorization", "".to_owned()),
            ("x-api-key", "qd_wrong".to_owned()),
            ("x-api-key", "".to_owned()),
        ] {
            let request = admin
                .request(Method::GET, "/auth/session")
                .header(header, &value);
            let got = request.send().await.unwrap().status();
            assert_eq!(got, 401, "{header}: {value}");
        }
    })
    .await;
}

#[tokio::test]
async fn r22_two_different_tokens_are_ambiguous_and_one_given_twice_is_refused() {
    let name = "r22_two_different_tokens_are_ambiguous_and_one_given_twice_is_refused";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let (a, b) = (
            make(app, "admin", None, None).await,
            make(app, "admin", None, None).await,
        );
        let path = "/auth/session";
        let bearer = format!("Bearer {a}");
        let bearer = ("authorization", bearer.as_str());
        assert_eq!(with(app, path, &[bearer, ("x-api-key", &a)]).await, 200);
        assert_eq!(with(app, path, &[bearer, ("x-api-key", &b)]).await, 400);
        assert_eq!(with(app, path, &[bearer, bearer]).await, 400);
        assert_eq!(
            with(app, path, &[("x-api-key", &a), ("x-api-key", &b)]).await,
            400
        );
    })
    .await;
}

#[tokio::test]
async fn r22_r60_a_token_in_the_address_is_refused() {
    let name = "r22_r60_a_token_in_the_address_is_refused";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let token = make(app, "admin", None, None).await;
        for key in [
            "token",
            "access_token",
            "api_key",
            "apikey",
            "key",
            "authorization",
            "bearer",
        ] {
            let path = format!("/api/v1/author?{key}={token}");
            assert!(matches!(with(app, &path, &[]).await, 400 | 401), "{key}");
            // Not even beside a good one: addresses end up in logs.
            assert_eq!(bearer(app, &path, &token).await, 400, "{key}");
        }
    })
    .await;
}

#[tokio::test]
async fn r21_scopes_never_exceed_what_the_owner_may_at_the_time_of_use() {
    let name = "r21_scopes_never_exceed_what_the_owner_may_at_the_time_of_use";
    tuned(name, On::Each, as_it_is, async |app| {
        let rights = json!([grant_all("author", json!("all"))]);
        let owner = app.user("owner", false, rights).await;
        let narrow = Some(vec![("author".to_owned(), vec![Verb::List])]);
        let wide = Some(vec![
            ("author".to_owned(), vec![Verb::List, Verb::Create]),
            ("book".to_owned(), vec![Verb::List]),
            ("qd_user".to_owned(), vec![Verb::List]),
            ("no_model".to_owned(), vec![Verb::List]),
        ]);
        let nothing = make(app, "owner", Some(Vec::new()), None).await;
        let narrow = make(app, "owner", narrow, None).await;
        let wide = make(app, "owner", wide, None).await;
        let all = make(app, "owner", None, None).await;
        for (token, path, status) in [
            (&narrow, "/api/v1/author", 200),
            (&narrow, "/api/v1/author/1", 403),
            (&narrow, "/api/v1/book", 404),
            (&wide, "/api/v1/author", 200),
            (&wide, "/api/v1/book", 404),
            (&wide, "/api/v1/qd_user", 404),
            (&all, "/api/v1/author", 200),
            (&all, "/api/v1/book", 404),
            (&nothing, "/api/v1/author", 404),
        ] {
            assert_eq!(bearer(app, path, token).await, status, "{path}");
        }
        let body = json!({"name": "A", "slug": "a", "country": "FR"});
        for (token, status) in [(&narrow, 403), (&nothing, 404), (&wide, 201)] {
            let request = app.anonymous().request(Method::POST, "/api/v1/author");
            let request = request.header("x-api-key", token).json(&body);
            assert_eq!(request.send().await.unwrap().status(), status);
        }
        // The owner loses the right; the token loses it with him.
        super::sql(
            app.app.engine.db(),
            &format!("DELETE FROM qd_user_role WHERE user_id = {owner}"),
        )
        .await;
        app.app.identity.changed();
        for token in [&narrow, &wide, &all] {
            assert_eq!(bearer(app, "/api/v1/author", token).await, 404);
        }
    })
    .await;
}

#[tokio::test]
async fn r21_an_expired_or_revoked_token_and_one_of_a_suspended_owner_are_dead() {
    let name = "r21_an_expired_or_revoked_token_and_one_of_a_suspended_owner_are_dead";
    tuned(name, On::Each, as_it_is, async |app| {
        let db = app.app.engine.db();
        let admin = app.login("admin").await;
        let past = Utc::now() - TimeDelta::seconds(1);
        let expired = make(app, "admin", None, Some(past)).await;
        assert_eq!(bearer(app, "/auth/session", &expired).await, 401);
        // Known to the cache, then expired by the clock alone.
        let soon = make(app, "admin", None, Some(Utc::now() + TimeDelta::hours(1))).await;
        assert_eq!(bearer(app, "/auth/session", &soon).await, 200);
        let moved =
            token::Entity::update_many().col_expr(token::Column::ExpiresAt, Expr::value(past));
        moved.exec(db.migrations()).await.unwrap();
        app.app.identity.changed();
        assert_eq!(bearer(app, "/auth/session", &soon).await, 401);
        // Revoked through the API, by deleting it, and from the shell.
        let mine = make(app, "admin", None, None).await;
        assert_eq!(bearer(app, "/auth/session", &mine).await, 200);
        let (_, found) = admin.get("/api/v1/qd_token?sort=-id&limit=1").await;
        let path = format!("/api/v1/qd_token/{}", found["data"][0]["id"]);
        assert!(found["data"][0].get("token_hash").is_none());
        assert_eq!(admin.send("DELETE", &path, Value::Null).await.0, 204);
        assert_eq!(bearer(app, "/auth/session", &mine).await, 401);
        let mine = make(app, "admin", None, None).await;
        assert_eq!(bearer(app, "/auth/session", &mine).await, 200);
        let id = number(db, "SELECT MAX(id) FROM qd_token").await;
        assert!(quarterdeck::auth::tokens::revoke(db, id).await.unwrap());
        app.app.identity.changed();
        assert_eq!(bearer(app, "/auth/session", &mine).await, 401);
        // The owner is suspended.
        let user = app.user("owner", false, json!([])).await;
        let his = make(app, "owner", None, None).await;
        assert_eq!(bearer(app, "/auth/session", &his).await, 200);
        let path = format!("/api/v1/qd_user/{user}");
        assert_eq!(
            admin
                .send("PATCH", &path, json!({"is_active": false}))
                .await
                .0,
            200
        );
        assert_eq!(bearer(app, "/auth/session", &his).await, 401);
    })
    .await;
}

#[tokio::test]
async fn a_token_cannot_change_its_owners_password_or_make_itself_a_session() {
    let name = "a_token_cannot_change_its_owners_password_or_make_itself_a_session";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let token = make(app, "admin", None, None).await;
        let body =
            json!({"current": crate::house::app::password("admin"), "new": "another good one"});
        let request = app.anonymous().request(Method::POST, "/auth/password");
        let response = request
            .header("x-api-key", &token)
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 403);
        let request = app.anonymous().request(Method::POST, "/auth/logout");
        let response = request.header("x-api-key", &token).send().await.unwrap();
        assert_eq!(response.status(), 204);
        assert_eq!(bearer(app, "/auth/session", &token).await, 200);
    })
    .await;
}
