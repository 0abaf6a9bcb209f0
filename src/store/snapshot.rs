//! An open SQLite database as a whole: what is wrong in it, and a copy of it as it is at one moment. What
//! its rows mean is not known here.

use std::path::Path;

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use crate::error::{Error, Kind};

use super::db::Db;
use super::failure;

impl Db {
    /// Writes a SQLite database, as it is at one moment, into a file that is empty or not there yet.
    /// Others read and write meanwhile.
    ///
    /// # Errors
    /// What the database said; a name that is no Unicode.
    pub async fn copy_into(&self, file: &Path) -> Result<(), Error> {
        let name = file.to_str().ok_or_else(|| {
            let detail = "The name of the file is not Unicode.";
            Error::new(Kind::Malformed, "file_name", detail)
        })?;
        let sql = "VACUUM INTO ?";
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [name.into()]);
        // A connection without a time-out: how long it takes is a matter of size.
        let copied = self.migrations().execute_raw(statement).await;
        copied.map(drop).map_err(failure::plain)
    }

    /// What is not whole in the file of a SQLite database, which is read from its beginning to its end.
    /// Servers look after their own files: of theirs nothing is found.
    ///
    /// # Errors
    /// What the database said.
    pub async fn faults(&self) -> Result<Vec<String>, Error> {
        if self.backend() != DbBackend::Sqlite {
            return Ok(Vec::new());
        }
        let statement = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check");
        let rows = self.migrations().query_all_raw(statement).await;
        let rows = rows.map_err(failure::plain)?;
        let lines: Result<Vec<String>, _> =
            rows.iter().map(|row| row.try_get_by_index(0)).collect();
        let lines = lines.map_err(failure::plain)?;
        Ok(lines.into_iter().filter(|line| line != "ok").collect())
    }
}
