//! Who asks: one indexed look-up a request, as session frameworks do. Sign-in knows one account,
//! because the load test does not measure password hashing.

use std::fmt::Write;

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use crate::{Answer, Failure, database::Database};

/// A request with this extractor is refused unless its cookie names a living session.
pub(crate) struct SignedIn;

impl FromRequestParts<Database> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, database: &Database) -> Answer<Self> {
        let user: Option<i64> = sqlx::query_scalar(
            "SELECT user_id FROM app_session WHERE token = ? AND expires_at > unixepoch()",
        )
        .bind(token(parts).ok_or_else(refused)?)
        .fetch_optional(&database.readers)
        .await?;
        user.map(|_| Self).ok_or_else(refused)
    }
}

fn token(parts: &Parts) -> Option<&str> {
    let cookies = parts.headers.get(header::COOKIE)?.to_str().ok()?;
    cookies
        .split("; ")
        .find_map(|cookie| cookie.strip_prefix("session="))
}

fn refused() -> Failure {
    Failure(StatusCode::UNAUTHORIZED, "sign in first".to_owned())
}

/// The table of sessions, beside the data.
pub(crate) async fn prepare(database: &Database) -> sqlx::Result<()> {
    let table = "CREATE TABLE IF NOT EXISTS app_session (
        token TEXT PRIMARY KEY, user_id INTEGER NOT NULL, expires_at INTEGER NOT NULL)";
    sqlx::query(table).execute(&database.writer).await.map(drop)
}

#[derive(Deserialize)]
pub(crate) struct Credentials {
    username: String,
    password: String,
}

pub(crate) async fn sign_in(
    State(database): State<Database>,
    Json(given): Json<Credentials>,
) -> Answer<Response> {
    if given.username != "admin" || given.password != "admin-pass-42" {
        return Err(Failure(
            StatusCode::UNAUTHORIZED,
            "wrong name or password".to_owned(),
        ));
    }
    let token = random_token()?;
    sqlx::query("INSERT INTO app_session VALUES (?, 1, unixepoch() + 86400)")
        .bind(&token)
        .execute(&database.writer)
        .await?;
    let cookie = format!("session={token}; HttpOnly; Path=/");
    Ok(([(header::SET_COOKIE, cookie)], Json(serde_json::json!({}))).into_response())
}

fn random_token() -> Answer<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(bytes
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        }))
}
