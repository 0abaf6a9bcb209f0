//! Section `[database]`: where the data is and how it is reached.

use std::fmt;
use std::time::Duration;

use super::reader::{Reader, text};

/// The database and its connections.
#[derive(Clone, Debug)]
pub struct Database {
    /// Where it is; holds a password.
    pub url: DatabaseUrl,
    /// Connections in the pool; on SQLite those that read.
    pub max_connections: u32,
    /// How long one statement may run.
    pub statement_timeout: Duration,
    /// How long a request waits for a free connection.
    pub acquire_timeout: Duration,
    /// Whether the start brings the tables up to date.
    pub migrate: bool,
    /// What a power cut may take from SQLite.
    pub sqlite_synchronous: SqliteSynchronous,
}

/// `PRAGMA synchronous`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqliteSynchronous {
    /// Every commit is on the disk before it is answered.
    Full,
    /// The last commits may be lost in a power cut.
    Normal,
}

/// Which of the three databases an address names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseKind {
    /// A file.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
}

/// An address with its password; `Debug` and `Display` show it without.
#[derive(Clone)]
pub struct DatabaseUrl {
    url: String,
    kind: DatabaseKind,
}

impl Database {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let placeholder = || DatabaseUrl {
            url: "sqlite::memory:".to_owned(),
            kind: DatabaseKind::Sqlite,
        };
        Self {
            url: reader
                .optional("database.url", shown, |value| {
                    DatabaseUrl::parse(text(value)?)
                })
                .unwrap_or_else(placeholder),
            max_connections: reader.whole("database.max_connections", 1..=10_000),
            statement_timeout: reader.milliseconds("database.statement_timeout_ms", 1..=3_600_000),
            acquire_timeout: reader.milliseconds("database.acquire_timeout_ms", 1..=3_600_000),
            migrate: reader.flag("database.migrate"),
            sqlite_synchronous: reader.text(
                "database.sqlite_synchronous",
                SqliteSynchronous::Full,
                |text| match text {
                    "full" => Ok(SqliteSynchronous::Full),
                    "normal" => Ok(SqliteSynchronous::Normal),
                    _ => Err("expected full or normal".to_owned()),
                },
            ),
        }
    }
}

impl DatabaseUrl {
    /// Reads an address; `mariadb://` becomes `mysql://`, the only scheme the driver knows.
    ///
    /// # Errors
    /// What was expected. The address is not repeated: it may hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected =
            || "expected an address that begins with sqlite:, postgres:// or mysql://".to_owned();
        let (scheme, rest) = text.split_once(':').ok_or_else(expected)?;
        let server = || rest.strip_prefix("//").filter(|rest| !rest.is_empty());
        let (url, kind) = match scheme {
            "sqlite" if !rest.trim_start_matches('/').is_empty() => {
                (text.to_owned(), DatabaseKind::Sqlite)
            }
            "postgres" | "postgresql" if server().is_some() => {
                (text.to_owned(), DatabaseKind::Postgres)
            }
            "mysql" | "mariadb" if server().is_some() => {
                (format!("mysql:{rest}"), DatabaseKind::Mysql)
            }
            _ => return Err(expected()),
        };
        Ok(Self { url, kind })
    }

    /// The address with its password, for the driver alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.url
    }

    /// Which database it names.
    #[must_use]
    pub fn kind(&self) -> DatabaseKind {
        self.kind
    }

    /// An address without its password, wherever it stands: before the `@` or in the query. An
    /// unescaped `/` or `?` in a password does not uncover its end.
    pub(super) fn mask(url: &str) -> String {
        let (head, rest) = match url.split_once("://") {
            Some((scheme, rest)) => (format!("{scheme}://"), rest),
            None => (String::new(), url),
        };
        let rest = match rest.rsplit_once('@') {
            Some((login, host)) => match login.split_once(':') {
                Some((user, _)) => format!("{user}:***@{host}"),
                None => format!("{login}@{host}"),
            },
            None => rest.to_owned(),
        };
        let Some((place, query)) = rest.split_once('?') else {
            return head + &rest;
        };
        let parameters: Vec<String> = query
            .split('&')
            .map(|parameter| match parameter.split_once('=') {
                Some((key, _)) if is_secret(key) => format!("{key}=***"),
                _ => parameter.to_owned(),
            })
            .collect();
        format!("{head}{place}?{}", parameters.join("&"))
    }
}

/// Whether a parameter of an address holds something to hide.
fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.contains("pass") || key.contains("pwd") || key.contains("key")
}

fn shown(value: &figment::value::Value) -> String {
    let masked = DatabaseUrl::mask(text(value).unwrap_or_default());
    toml::Value::from(masked).to_string()
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Self::mask(&self.url))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_database() {
        for (text, kind) in [
            ("sqlite://quarterdeck.db", DatabaseKind::Sqlite),
            ("sqlite::memory:", DatabaseKind::Sqlite),
            ("postgres://u:p@h/d", DatabaseKind::Postgres),
            (
                "postgresql:///d?host=/run/postgresql",
                DatabaseKind::Postgres,
            ),
            ("mysql://u@h:3307/d", DatabaseKind::Mysql),
            ("mariadb://u@h/d", DatabaseKind::Mysql),
        ] {
            assert_eq!(DatabaseUrl::parse(text).unwrap().kind(), kind, "{text}");
        }
        assert_eq!(
            DatabaseUrl::parse("mariadb://u@h/d").unwrap().expose(),
            "mysql://u@h/d"
        );
        for text in [
            "",
            "quarterdeck.db",
            "sqlite://",
            "sqlite:",
            "postgres:",
            "oracle://u@h",
        ] {
            assert!(DatabaseUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_is_masked_wherever_it_stands() {
        for (url, masked) in [
            ("postgres://ann:hush@db/shop", "postgres://ann:***@db/shop"),
            ("postgres://ann:hu/sh@db/shop", "postgres://ann:***@db/shop"),
            ("postgres://ann:hu?sh@db/shop", "postgres://ann:***@db/shop"),
            ("postgres://ann:hu@sh@db/shop", "postgres://ann:***@db/shop"),
            ("postgres://ann:hu:sh@db/shop", "postgres://ann:***@db/shop"),
            ("postgres://ann@db/shop", "postgres://ann@db/shop"),
            (
                "postgres://db/shop?user=ann&password=hush",
                "postgres://db/shop?user=ann&password=***",
            ),
            (
                "mysql://db/shop?ssl-key=k.pem&x=1",
                "mysql://db/shop?ssl-key=***&x=1",
            ),
            ("sqlite://shop.db?mode=rwc", "sqlite://shop.db?mode=rwc"),
            ("not-an-address:hush@db", "not-an-address:***@db"),
        ] {
            assert_eq!(DatabaseUrl::mask(url), masked);
        }
    }
}
