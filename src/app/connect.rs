//! From the settings to a connection with the database.

use crate::config::SqliteSynchronous;
use crate::error::Error;
use crate::store::{Db, DbSettings};

use super::AppBuilder;

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
            sqlite_full_sync: database.sqlite_synchronous == SqliteSynchronous::Full,
        })
        .await
    }
}
