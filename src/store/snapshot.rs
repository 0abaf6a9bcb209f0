//! A SQLite database as a file: whether it is whole, and a copy of it as it is at one moment. What its
//! rows mean is not known here.

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

/// How long a SQLite file is that has no log beside it. With one, pages of the file may be in there.
pub(super) fn length_alone(file: &Path) -> Option<u64> {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let length = |file: &Path| std::fs::metadata(file).ok().map(|found| found.len());
    match length(Path::new(&log)) {
        None | Some(0) => length(file),
        Some(_) => None,
    }
}

/// Refuses a file that is shorter than any page: SQLite would take it for none, and write over it.
pub(super) fn check_beginning(length: Option<u64>) -> Result<(), Error> {
    match length {
        Some(1..512) => Err(failure::damaged("the file ends in its first page")),
        _ => Ok(()),
    }
}

/// Refuses a file that ends in the middle of a page: SQLite would read the rest of it as zeros.
pub(super) async fn check_length(db: &Db, length: Option<u64>) -> Result<(), Error> {
    let Some(length) = length else { return Ok(()) };
    let sql = "SELECT page_size FROM pragma_page_size";
    let statement = Statement::from_string(DbBackend::Sqlite, sql);
    let row = db.reader().query_one_raw(statement).await;
    let row = row.map_err(failure::plain)?;
    let size = row.and_then(|row| row.try_get_by_index::<i64>(0).ok());
    match size.and_then(|size| u64::try_from(size).ok()) {
        Some(size) if size > 0 && length % size != 0 => {
            Err(failure::damaged("the file ends in the middle of a page"))
        }
        _ => Ok(()),
    }
}
