//! From the settings to a connection with the database.

use std::time::Duration;

use crate::config::SqliteSynchronous;
use crate::error::Error;
use crate::store::{Db, DbSettings};

use super::AppBuilder;

/// How long a write waits for SQLite's one writer at most.
const WRITER: Duration = Duration::from_secs(30);

impl AppBuilder {
    /// Connects to the database of the settings, creating a SQLite file that is not there.
    ///
    /// # Errors
    /// 503 when it cannot be reached.
    pub async fn connect(&self) -> Result<Db, Error> {
        Db::connect(&self.settings(self.config.database.url.expose())).await
    }

    /// The same for a command that looks: what is not there stays away.
    pub(crate) async fn connect_to_existing(&self) -> Result<Db, Error> {
        let settings = self.settings(self.config.database.url.expose());
        Db::connect_to_existing(&settings).await
    }

    /// Connects to another database, which is there, with the same settings.
    pub(crate) async fn connect_to(&self, url: &str) -> Result<Db, Error> {
        Db::connect_to_existing(&self.settings(url)).await
    }

    fn settings(&self, url: &str) -> DbSettings {
        let database = &self.config.database;
        DbSettings {
            url: url.to_owned(),
            max_connections: database.max_connections,
            statement_timeout: database.statement_timeout,
            acquire_timeout: database.acquire_timeout,
            // Before the request's own end: what is refused is then not written after it.
            writer_timeout: WRITER.min(self.config.server.request / 2),
            sqlite_full_sync: database.sqlite_synchronous == SqliteSynchronous::Full,
        }
    }
}
