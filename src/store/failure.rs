//! What a database's error means to a caller: conflict, time-out, try again, or our fault.
//! Nothing a driver says reaches the caller; it travels as the error's source, for the log.

use sea_orm::{DbErr, RuntimeErr};

use crate::error::Error;

/// The code of the error for a write that there is no room for.
const NO_ROOM: &str = "no_room";

/// The code of the error for storage that fails.
const STORAGE: &str = "storage";

/// What kind of database error this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// A unique key stands against the write; the columns or the key's name, as the driver tells.
    Unique(Vec<String>),
    /// A foreign key stands against the write.
    ForeignKey,
    /// The transaction lost a race and may be tried again.
    Retry,
    /// It waited long enough for what another transaction holds.
    Locked,
    /// The statement ran too long.
    Timeout,
    /// The database cannot be reached, or no connection was free.
    Unavailable,
    /// The value does not fit in a way that only the database knows (a check constraint, say).
    Constraint,
    /// A text has characters that the column it is compared with cannot hold.
    Incomparable,
    /// A stored cell is none of its column's type.
    Unreadable,
    /// There is no room for what is to be written.
    Full,
    /// What the database is kept on does not take, or give, what it is asked for.
    Storage,
    /// What the database has stored is not whole.
    Damaged,
    /// Anything else.
    Other,
}

/// Classifies a database error.
#[must_use]
pub fn classify(error: &DbErr) -> Failure {
    let source = match error {
        DbErr::Exec(RuntimeErr::SqlxError(e))
        | DbErr::Query(RuntimeErr::SqlxError(e))
        | DbErr::Conn(RuntimeErr::SqlxError(e)) => e,
        DbErr::ConnectionAcquire(_) => return Failure::Unavailable,
        _ => return Failure::Other,
    };
    match &**source {
        sqlx::Error::Database(e) => database(&**e),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Failure::Unavailable,
        sqlx::Error::ColumnDecode { .. } => Failure::Unreadable,
        _ => Failure::Other,
    }
}

fn database(error: &dyn sqlx::error::DatabaseError) -> Failure {
    use sqlx::mysql::MySqlDatabaseError;
    use sqlx::postgres::PgDatabaseError;
    if let Some(e) = error.try_downcast_ref::<PgDatabaseError>() {
        return match e.code() {
            "23505" => Failure::Unique(columns_in_parentheses(e.detail().unwrap_or_default())),
            "23503" => Failure::ForeignKey,
            "23514" | "23502" | "22001" | "22003" => Failure::Constraint,
            "40001" | "40P01" => Failure::Retry,
            "55P03" => Failure::Locked,
            "57014" => Failure::Timeout,
            "57P01" | "57P02" | "57P03" | "53300" => Failure::Unavailable,
            "53100" => Failure::Full,
            "58030" | "25006" => Failure::Storage,
            "XX001" | "XX002" => Failure::Damaged,
            _ => Failure::Other,
        };
    }
    if let Some(e) = error.try_downcast_ref::<MySqlDatabaseError>() {
        return match e.number() {
            1022 | 1062 | 1169 | 1586 => Failure::Unique(quoted_key(e.message())),
            1216 | 1217 | 1451 | 1452 | 1761 | 1762 => Failure::ForeignKey,
            4025 | 3819 | 1048 | 1264 | 1366 | 1406 | 1690 => Failure::Constraint,
            1267 | 1270 | 1271 => Failure::Incomparable,
            1213 | 1020 => Failure::Retry,
            1205 => Failure::Locked,
            1969 | 3024 | 1317 => Failure::Timeout,
            1040 | 1053 | 1203 | 1927 => Failure::Unavailable,
            1021 | 1114 => Failure::Full,
            1026 | 1290 | 1836 => Failure::Storage,
            1034 | 1035 | 1194 | 1712 => Failure::Damaged,
            _ => Failure::Other,
        };
    }
    match error.code().as_deref() {
        Some("1555" | "2067") => Failure::Unique(sqlite_columns(error.message())),
        Some("787" | "1811") => Failure::ForeignKey,
        Some("275" | "1299" | "3091") => Failure::Constraint,
        Some("5" | "261" | "517") => Failure::Retry,
        Some("9") => Failure::Timeout,
        // The low byte of any other is its family.
        Some(code) => match code.parse::<u32>().map(|code| code & 0xff) {
            Ok(13) => Failure::Full,
            Ok(8 | 10 | 14) => Failure::Storage,
            Ok(11 | 26) => Failure::Damaged,
            _ => Failure::Other,
        },
        None => Failure::Other,
    }
}

/// `Key (isbn, lang)=(…) already exists.` names the columns.
fn columns_in_parentheses(detail: &str) -> Vec<String> {
    let inside = detail
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(")="));
    let names = inside.map_or("", |(names, _)| names).split(',');
    names
        .map(|n| n.trim().trim_matches('"').to_owned())
        .filter(|n| !n.is_empty())
        .collect()
}

/// `UNIQUE constraint failed: book.isbn, book.lang` names the columns.
fn sqlite_columns(message: &str) -> Vec<String> {
    let list = message.rsplit_once(": ").map_or("", |(_, list)| list);
    let names = list
        .split(',')
        .filter_map(|n| n.trim().rsplit_once('.').map(|(_, c)| c));
    names.map(ToOwned::to_owned).collect()
}

/// `Duplicate entry 'x' for key 'isbn'` names the key, which is not always a column.
fn quoted_key(message: &str) -> Vec<String> {
    let key = message
        .rsplit_once("key '")
        .and_then(|(_, rest)| rest.strip_suffix('\''));
    key.map(|k| k.rsplit('.').next().unwrap_or(k).to_owned())
        .into_iter()
        .collect()
}

/// The error for a failure that no operation can say more about.
#[must_use]
pub fn plain(error: DbErr) -> Error {
    match classify(&error) {
        Failure::Timeout => Error::parameter(
            "statement_timeout",
            "statement_timeout",
            "The database gave up after statement_timeout; ask for less, or filter by an index.",
        )
        .because(error),
        Failure::Unavailable => {
            Error::unavailable("database", "The database cannot take the request now.", 1)
                .because(error)
        }
        Failure::Retry => {
            Error::unavailable("busy", "Other writes are in the way; try again.", 1).because(error)
        }
        Failure::Locked => {
            let detail = "Another write holds what this one needs; try again.";
            Error::unavailable("locked", detail, 1).because(error)
        }
        Failure::Full => Error::unavailable(
            NO_ROOM,
            "There is no room left to write; try again later.",
            30,
        )
        .because(error),
        Failure::Storage => {
            let detail = "The database's storage does not take or give what it is asked for.";
            Error::unavailable(STORAGE, detail, 30).because(error)
        }
        Failure::Damaged => damaged(error),
        Failure::Incomparable => Error::parameter(
            "",
            "incomparable",
            "A text has characters that the column it is compared with cannot hold.",
        )
        .because(error),
        Failure::Unique(_)
        | Failure::ForeignKey
        | Failure::Constraint
        | Failure::Unreadable
        | Failure::Other => Error::internal(error),
    }
}

/// The error for a database that is not whole.
pub(super) fn damaged(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let detail = "The database is damaged; it has to be restored.";
    Error::unavailable("damaged", detail, 60).because(why)
}

/// Whether nothing can be written now, though the database may still answer.
#[must_use]
pub fn stops_writes(error: &Error) -> bool {
    matches!(error.code, NO_ROOM | STORAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unique_messages_name_their_columns() {
        assert_eq!(
            columns_in_parentheses("Key (isbn, \"Lang\")=(1, (x)=) already exists."),
            ["isbn", "Lang"]
        );
        assert_eq!(
            sqlite_columns("UNIQUE constraint failed: book.isbn, book.lang"),
            ["isbn", "lang"]
        );
        assert_eq!(
            quoted_key("Duplicate entry 'it's key' for key 'book.isbn'"),
            ["isbn"]
        );
        assert!(columns_in_parentheses("").is_empty() && quoted_key("").is_empty());
    }
}
