//! Tables that are not ours, in a database that becomes ours too.

use quarterdeck_migration::{down, up};
use sea_orm::{ConnectionTrait as _, DatabaseConnection};

use crate::everything;

const GUESTS: &str = "CREATE TABLE guest (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL)";
const AUTHORS: &str = "CREATE TABLE author (id INTEGER PRIMARY KEY, pen VARCHAR(20) NOT NULL)";

async fn run(db: &DatabaseConnection, sql: &str) {
    db.execute_unprepared(sql).await.unwrap();
}

/// The texts of a table, in the order of its keys.
async fn texts(db: &DatabaseConnection, table: &str, column: &str) -> Vec<String> {
    let sql = format!("SELECT {column} FROM {table} ORDER BY id");
    let statement = sea_orm::Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|row| row.try_get_by_index(0).unwrap())
        .collect()
}

/// A table that no migration knows stays as it is, whichever way they go.
pub(crate) async fn unknown_tables_are_left_alone(db: &DatabaseConnection) {
    run(db, GUESTS).await;
    run(db, "CREATE INDEX guest_name ON guest (name)").await;
    run(db, "INSERT INTO guest VALUES (1, 'Ada'), (2, 'Grace')").await;
    for _ in 0..2 {
        up(db, everything()).await.unwrap();
        assert_eq!(texts(db, "guest", "name").await, ["Ada", "Grace"]);
        down(db, everything(), None).await.unwrap();
        assert_eq!(texts(db, "guest", "name").await, ["Ada", "Grace"]);
    }
    run(db, "DROP TABLE guest").await;
}

/// A table of somebody else's that has a name of ours is an error, and stays with all that is in it.
pub(crate) async fn a_table_of_our_name_is_not_taken(db: &DatabaseConnection) {
    run(db, AUTHORS).await;
    run(db, "INSERT INTO author VALUES (1, 'Ada')").await;
    let error = up(db, everything()).await.unwrap_err().to_string();
    assert!(error.contains("author"), "{error}");
    assert_eq!(texts(db, "author", "pen").await, ["Ada"]);
}
