//! Where the tests find Chinook: a copy of the SQLite file, and the two dumps loaded into a
//! database of their own on the test servers. What is absent is named, never passed in silence.

use std::{
    env, fs,
    panic::{AssertUnwindSafe, resume_unwind},
    path::{Path, PathBuf},
};

use futures_util::FutureExt as _;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use tempfile::TempDir;

/// The tables as JSON names them, and how many rows each is delivered with.
pub(crate) const ROWS: [(&str, usize); 11] = [
    ("album", 347),
    ("artist", 275),
    ("customer", 59),
    ("employee", 8),
    ("genre", 25),
    ("invoice", 412),
    ("invoice_line", 2240),
    ("media_type", 5),
    ("playlist", 18),
    ("playlist_track", 8715),
    ("track", 3503),
];

/// A database with Chinook in it, as its publisher delivers it.
pub(crate) struct Place {
    pub(crate) db: DatabaseConnection,
    pub(crate) url: String,
    /// The database that is always there, on a server.
    home: Option<String>,
    /// Removed with the test.
    _folder: Option<TempDir>,
}

impl Place {
    /// Drops the database on a server; the SQLite copy goes with its folder.
    async fn remove(self) {
        self.db.close().await.expect("closed");
        let (Some(home), Some((_, name))) = (&self.home, self.url.rsplit_once('/')) else {
            return;
        };
        let admin = connect(home).await;
        let drop = format!("DROP DATABASE {name}");
        admin.execute_unprepared(&drop).await.expect("dropped");
    }
}

/// Runs `body` where Chinook is, if it is there; the database is dropped whether or not it panics.
pub(crate) async fn visit(place: Option<Place>, body: impl AsyncFnOnce(&Place)) {
    let Some(place) = place else {
        return;
    };
    let outcome = AssertUnwindSafe(body(&place)).catch_unwind().await;
    let backend = place.db.get_database_backend();
    place.remove().await;
    if let Err(panic) = outcome {
        eprintln!("failed on {backend:?}");
        resume_unwind(panic);
    }
}

/// A copy of the SQLite file in a temporary folder: the original stays as it is.
pub(crate) async fn sqlite(test: &str) -> Option<Place> {
    let Some(file) = data("chinook.sqlite") else {
        return skipped(test, "no chinook.sqlite (QUARTERDECK_CHINOOK_SQLITE)");
    };
    let folder = TempDir::new().expect("temporary folder");
    let copy = folder.path().join("chinook.sqlite");
    fs::write(&copy, fs::read(file).expect("chinook.sqlite")).expect("copy");
    let url = format!("sqlite://{}", copy.display());
    Some(Place {
        db: connect(&url).await,
        url,
        home: None,
        _folder: Some(folder),
    })
}

/// The PostgreSQL dump in a new database of the test server.
pub(crate) async fn postgres(test: &str) -> Option<Place> {
    let Ok(server) = env::var("QUARTERDECK_TEST_POSTGRES") else {
        return skipped(test, "no PostgreSQL (QUARTERDECK_TEST_POSTGRES)");
    };
    let Some(dump) = data("chinook-postgres.sql") else {
        return skipped(test, "no chinook-postgres.sql beside chinook.sqlite");
    };
    Some(loaded(&server, "postgres", after(&dump, "\\c chinook;")).await)
}

/// The MySQL dump in a new database of the test server.
pub(crate) async fn mariadb(test: &str) -> Option<Place> {
    let Ok(server) = env::var("QUARTERDECK_TEST_MYSQL") else {
        return skipped(test, "no MariaDB (QUARTERDECK_TEST_MYSQL)");
    };
    let Some(dump) = data("chinook-mysql.sql") else {
        return skipped(test, "no chinook-mysql.sql beside chinook.sqlite");
    };
    Some(loaded(&server, "mysql", after(&dump, "USE `Chinook`;")).await)
}

/// The dump names its own database; what follows that line goes into ours.
async fn loaded(server: &str, home: &str, statements: String) -> Place {
    let server = server.trim_end_matches('/');
    let name = format!("chinook_entities_{}", std::process::id());
    let home = format!("{server}/{home}");
    let admin = connect(&home).await;
    for statement in [
        format!("DROP DATABASE IF EXISTS {name}"),
        format!("CREATE DATABASE {name}"),
    ] {
        admin
            .execute_unprepared(&statement)
            .await
            .expect("database of the test");
    }
    let url = format!("{server}/{name}");
    let db = connect(&url).await;
    db.execute_unprepared(&statements).await.expect("the dump");
    Place {
        db,
        url,
        home: Some(home),
        _folder: None,
    }
}

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("connection")
}

/// The SQLite file that the environment names, or the dumps beside it.
fn data(name: &str) -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/chinook.sqlite");
    let sqlite = env::var_os("QUARTERDECK_CHINOOK_SQLITE").map_or(default, PathBuf::from);
    Some(sqlite.with_file_name(name)).filter(|file| file.is_file())
}

fn after(dump: &Path, line: &str) -> String {
    let text = fs::read_to_string(dump).expect("dump");
    let (_, rest) = text
        .split_once(line)
        .expect("the line that enters the database");
    rest.to_owned()
}

fn skipped(test: &str, why: &str) -> Option<Place> {
    println!("SKIPPED {test}: {why}");
    None
}
