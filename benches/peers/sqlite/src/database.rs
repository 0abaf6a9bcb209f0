//! One writer and several readers on one file: how SQLite serves many requests at once.

use std::time::Duration;

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

/// The two pools.
#[derive(Clone)]
pub(crate) struct Database {
    /// Connections that cannot write.
    pub(crate) readers: SqlitePool,
    /// The one connection that writes: who waits, waits here and not for a lock in the file.
    pub(crate) writer: SqlitePool,
}

impl Database {
    pub(crate) async fn open(path: &str, readers: u32) -> sqlx::Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(5));
        let writer = pool(1).connect_with(options.clone()).await?;
        let readers = pool(readers).connect_with(options.read_only(true)).await?;
        Ok(Self { readers, writer })
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .min_connections(connections)
        .max_connections(connections)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}
