//! A fresh database of each kind. The servers are private ones that the caller started; without
//! them a test says SKIPPED and passes.

use std::env;

use sea_orm::{ConnectOptions, ConnectionTrait, Database as SeaOrm, DatabaseConnection};

/// A database of its own for one test.
pub(crate) struct Database {
    /// The open connection.
    pub(crate) connection: DatabaseConnection,
    server: Option<(String, String)>,
}

impl Database {
    /// In memory.
    pub(crate) async fn sqlite() -> Self {
        Self {
            connection: open("sqlite::memory:").await,
            server: None,
        }
    }

    /// On the server that `QUARTERDECK_TEST_POSTGRES` names.
    pub(crate) async fn postgres(test: &str) -> Option<Self> {
        // A language's own order, so that a column which forgot its collation is noticed.
        let rules = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'";
        Self::on_server("QUARTERDECK_TEST_POSTGRES", ("postgres", rules), test).await
    }

    /// On the server that `QUARTERDECK_TEST_MYSQL` names.
    pub(crate) async fn mysql(test: &str) -> Option<Self> {
        Self::on_server("QUARTERDECK_TEST_MYSQL", ("mysql", ""), test).await
    }

    async fn on_server(variable: &str, (first, rules): (&str, &str), test: &str) -> Option<Self> {
        let Ok(base) = env::var(variable) else {
            println!("SKIPPED {test}: {variable} is not set");
            return None;
        };
        let base = base.trim_end_matches('/').to_owned();
        let name = format!("qd_migration_{test}_{}", std::process::id());
        let server = open(&format!("{base}/{first}")).await;
        server
            .execute_unprepared(&format!("DROP DATABASE IF EXISTS {name}"))
            .await
            .unwrap();
        server
            .execute_unprepared(&format!("CREATE DATABASE {name} {rules}"))
            .await
            .unwrap();
        let connection = open(&format!("{base}/{name}")).await;
        Some(Self {
            connection,
            server: Some((format!("{base}/{first}"), name)),
        })
    }

    /// Leaves the server as it was.
    pub(crate) async fn remove(self) {
        self.connection.close().await.unwrap();
        if let Some((url, name)) = self.server {
            open(&url)
                .await
                .execute_unprepared(&format!("DROP DATABASE {name}"))
                .await
                .unwrap();
        }
    }
}

async fn open(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(2).sqlx_logging(false);
    if url.starts_with("sqlite") {
        // A second connection would be a second, empty database.
        options.max_connections(1);
    }
    SeaOrm::connect(options).await.unwrap()
}
