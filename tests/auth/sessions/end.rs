//! What ends a session, or what it may do, on every node: a suspension, a deletion, a new password, a
//! role taken away, its owner.

use quarterdeck_entity::system::session;
use reqwest::Method;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};

use super::{becomes, get, login, second, whoami};
use crate::auth::{number, sql, tokens};
use crate::house::app::{Session, grant_all, password};
use crate::house::tuned::{On, as_it_is, tuned};

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

#[tokio::test]
async fn a41_the_session_and_token_of_a_deleted_user_never_belong_to_the_next_one() {
    let name = "a41_the_session_and_token_of_a_deleted_user_never_belong_to_the_next_one";
    tuned(name, On::Each, as_it_is, async |app| {
        let admin = app.login("admin").await;
        let gone = app.user("gone", false, json!([])).await;
        let value = login(app, "gone").await;
        let token = tokens::make(app, "gone", None, None).await;
        let path = format!("/api/v1/qd_user/{gone}");
        assert_eq!(admin.send("DELETE", &path, Value::Null).await.0, 204);
        let next = app.user("next", true, json!([])).await;
        assert!(next > gone, "{next} {gone}");
        assert_eq!(whoami(app, &value).await, 401);
        assert_eq!(tokens::bearer(app, "/auth/session", &token).await, 401);
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
