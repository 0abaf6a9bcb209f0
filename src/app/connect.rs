//! From the settings to a connection with the database.

use std::time::Duration;

use crate::config::SqliteSynchronous;
use crate::error::Error;
use crate::store::{Db, DbSettings};

use super::AppBuilder;

/// How long a write waits for SQLite's one writer at most.
const WRITER: Duration = Duration::from_secs(30);

impl AppBuilder {
    /// Connects to the database of the settings.
    ///
    /// # Errors
    /// 503 when it cannot be reached.
    pub async fn connect(&self) -> Result<Db, Error> {
        self.connect_to(self.config.database.url.expose()).await
    }

    /// Connects to another database with the same settings.
    pub(crate) async fn connect_to(&self, url: &str) -> Result<Db, Error> {
        let database = &self.config.database;
        Db::connect(&DbSettings {
            url: url.to_owned(),
            max_connections: database.max_connections,
            statement_timeout: database.statement_timeout,
            acquire_timeout: database.acquire_timeout,
            // Before the request's own end: what is refused is then not written after it.
            writer_timeout: WRITER.min(self.config.server.request / 2),
            sqlite_full_sync: database.sqlite_synchronous == SqliteSynchronous::Full,
        })
        .await
    }
}
