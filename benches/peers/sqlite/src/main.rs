//! The workloads W1..W7 of the load test written by hand: axum 0.8 in front of sqlx on SQLite.
//! A session is looked up on every request and nothing else is done: no permissions, no limits,
//! no audit. What this costs is the floor that Quarterdeck is measured against.
//!
//! Environment: `DATABASE_PATH`, `PORT`, `WORKERS` (threads of the server), `READERS` (connections).

mod books;
mod database;
mod session;

use std::{env, error::Error, net::Ipv4Addr, str::FromStr};

use axum::{
    Json, Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::net::TcpListener;

/// As in the PostgreSQL peer, so that the allocator is no part of the comparison between them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a request may fail with.
struct Failure(StatusCode, String);

type Answer<T> = Result<T, Failure>;

impl Failure {
    fn invalid(what: &str) -> Self {
        Self(StatusCode::UNPROCESSABLE_ENTITY, what.to_owned())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, Json(serde_json::json!({ "error": self.1 }))).into_response()
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self(StatusCode::NOT_FOUND, "no such row".to_owned()),
            sqlx::Error::Database(cause)
                if cause.is_unique_violation() || cause.is_foreign_key_violation() =>
            {
                Self::invalid(cause.message())
            }
            _ => Self(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(setting("WORKERS", 2)?)
        .enable_all()
        .build()?
        .block_on(serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let path = env::var("DATABASE_PATH").map_err(|_| "DATABASE_PATH names no database")?;
    let database = database::Database::open(&path, setting("READERS", 4)?).await?;
    session::prepare(&database).await?;
    let app = Router::new()
        .route("/health", get(|| async { "ok" }))
        .route("/login", post(session::sign_in))
        .route("/books", get(books::list).post(books::create))
        .route("/books/{id}", get(books::read).patch(books::patch))
        .with_state(database);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, setting("PORT", 9012)?)).await?;
    Ok(axum::serve(listener, app).await?)
}

fn setting<T>(name: &str, default: T) -> Result<T, Box<dyn Error>>
where
    T: FromStr<Err: Error + 'static>,
{
    env::var(name).map_or(Ok(default), |text| Ok(text.parse()?))
}
