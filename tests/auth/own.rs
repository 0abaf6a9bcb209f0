//! One's own tokens and sessions over REST.

use chrono::{TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use super::number;
use super::tokens::bearer;
use crate::house::app::{Session, TestApp, answer, grant_all};
use crate::house::tuned::{On, as_it_is, tuned};

async fn make(session: &Session<'_>, body: Value) -> (u16, Value) {
    session.send("POST", "/auth/tokens", body).await
}

/// With a token in the header.
async fn with(app: &TestApp, token: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
    let request = app.anonymous().request(method.parse().unwrap(), path);
    let request = request.header("authorization", format!("Bearer {token}"));
    answer(request.json(&body).send().await.unwrap()).await
}

#[tokio::test]
async fn r21_a_token_made_over_rest_is_shown_once_works_within_its_scopes_and_dies_when_revoked() {
    let name =
        "r21_a_token_made_over_rest_is_shown_once_works_within_its_scopes_and_dies_when_revoked";
    tuned(name, On::Each, as_it_is, async |app| {
        let grants = json!([grant_all("author", json!("all"))]);
        app.user("ann", false, grants).await;
        let ann = app.login("ann").await;
        let end = (Utc::now() + TimeDelta::days(30)).to_rfc3339();
        let scopes = json!([{"model": "author", "verbs": ["list"]}]);
        let body = json!({"name": " nightly ", "scopes": scopes, "expires_at": end});
        let (status, made) = make(&ann, body).await;
        assert_eq!(status, 201, "{made}");
        assert_eq!(made["name"], "nightly");
        let token = made["token"].as_str().unwrap().to_owned();
        assert_eq!(bearer(app, "/api/v1/author", &token).await, 200);
        assert_eq!(bearer(app, "/api/v1/author/1", &token).await, 403);
        let (_, listed) = ann.get("/auth/tokens").await;
        let text = listed.to_string();
        assert!(!text.contains(&token[8..]), "{text}");
        assert_eq!(listed["data"][0]["id"], made["id"]);
        assert_eq!(listed["data"][0]["scopes"], scopes);
        assert!(listed["data"][0]["last_used_at"].is_string());
        let path = format!("/auth/tokens/{}", made["id"]);
        // Another's token is not there, whoever asks.
        let admin = app.login("admin").await;
        assert_eq!(admin.send("DELETE", &path, json!({})).await.0, 404);
        assert_eq!(ann.send("DELETE", &path, json!({})).await.0, 204);
        assert_eq!(ann.send("DELETE", &path, json!({})).await.0, 404);
        assert_eq!(bearer(app, "/api/v1/author", &token).await, 401);
        assert_eq!(ann.get("/auth/tokens").await.1["data"], json!([]));
        let db = app.app.engine.db();
        for deed in ["make_token", "revoke_token"] {
            let sql = format!(
                "SELECT COUNT(*) FROM qd_audit WHERE verb = '{deed}' AND model = 'qd_token' \
                 AND username = 'ann' AND record_id = '{}'",
                made["id"]
            );
            assert_eq!(number(db, &sql).await, 1, "{deed}");
        }
    })
    .await;
}

#[tokio::test]
async fn r21_a_token_makes_no_token_and_revokes_none_but_itself() {
    let name = "r21_a_token_makes_no_token_and_revokes_none_but_itself";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        let admin = app.login("admin").await;
        let (_, first) = make(&admin, json!({"name": "first"})).await;
        let (_, second) = make(&admin, json!({"name": "second"})).await;
        let token = first["token"].as_str().unwrap();
        let (status, _) = with(app, token, "POST", "/auth/tokens", json!({"name": "x"})).await;
        assert_eq!(status, 403);
        let path = format!("/auth/tokens/{}", second["id"]);
        assert_eq!(with(app, token, "DELETE", &path, json!({})).await.0, 403);
        let path = format!("/auth/tokens/{}", first["id"]);
        assert_eq!(with(app, token, "DELETE", &path, json!({})).await.0, 204);
        assert_eq!(bearer(app, "/auth/session", token).await, 401);
        let other = second["token"].as_str().unwrap();
        assert_eq!(bearer(app, "/auth/session", other).await, 200);
    })
    .await;
}

#[tokio::test]
async fn every_fault_of_a_wanted_token_is_told_at_once_and_no_hidden_model_is_known() {
    let name = "every_fault_of_a_wanted_token_is_told_at_once_and_no_hidden_model_is_known";
    tuned(name, On::Sqlite, as_it_is, async |app| {
        app.user("ann", false, json!([grant_all("author", json!("all"))]))
            .await;
        let ann = app.login("ann").await;
        let past = (Utc::now() - TimeDelta::days(1)).to_rfc3339();
        let scopes = json!([{"model": "author", "verbs": ["fly"]}, 7]);
        let body = json!({"name": "", "scopes": scopes, "expires_at": past, "user_id": 1});
        let (status, problem) = make(&ann, body).await;
        assert_eq!(status, 422);
        let errors = problem["errors"].as_array().unwrap();
        let at: Vec<&str> = errors
            .iter()
            .map(|e| e["pointer"].as_str().unwrap())
            .collect();
        for wanted in ["/name", "/scopes/0", "/scopes/1", "/expires_at", "/user_id"] {
            assert!(at.contains(&wanted), "{wanted}: {problem}");
        }
        let hidden =
            |slug: &str| json!({"name": "x", "scopes": [{"model": slug, "verbs": ["list"]}]});
        let (one, first) = make(&ann, hidden("qd_grant")).await;
        let (other, second) = make(&ann, hidden("qd_grunt")).await;
        assert_eq!((one, other), (422, 422));
        let detail = |p: &Value| {
            p["errors"][0]["detail"]
                .to_string()
                .replace("grant", "grunt")
        };
        assert_eq!(detail(&first), detail(&second));
        let (status, _) = make(&ann, json!({"name": "x", "scopes": []})).await;
        assert_eq!(status, 422);
        let form = ann
            .request(Method::POST, "/auth/tokens")
            .form(&[("name", "x")]);
        assert_eq!(form.send().await.unwrap().status(), 415);
    })
    .await;
}

#[tokio::test]
async fn r17_every_other_session_of_ones_own_ends_at_once_and_nobody_elses() {
    let name = "r17_every_other_session_of_ones_own_ends_at_once_and_nobody_elses";
    tuned(name, On::Each, as_it_is, async |app| {
        app.user("ann", false, json!([])).await;
        let (here, there, third) = (
            app.login("ann").await,
            app.login("ann").await,
            app.login("ann").await,
        );
        let admin = app.login("admin").await;
        let (status, ended) = here.send("DELETE", "/auth/sessions", json!({})).await;
        assert_eq!((status, ended), (200, json!({"ended": 2})));
        for (session, wanted) in [(&here, 200), (&there, 401), (&third, 401), (&admin, 200)] {
            assert_eq!(session.get("/auth/session").await.0, wanted);
        }
    })
    .await;
}
