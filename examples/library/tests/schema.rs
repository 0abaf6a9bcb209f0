//! The migration makes the schema that the load test's loader writes down for SQLite, leaves
//! tables that exist alone, and takes its own away again.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use library::{author, book, tables};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, Database, DatabaseConnection, EntityTrait, ModelTrait,
    QueryResult, Set, SqlErr, Statement,
    prelude::{Date, DateTimeUtc, Decimal},
};
use sea_orm_migration::{MigrationTrait, SchemaManager};

const LOADER: &str = include_str!("../../../benches/peers/sqlite/schema.sql");

#[tokio::test]
async fn the_loader_of_the_load_test_makes_the_same_tables() {
    let (migrated, loaded) = (memory().await, memory().await);
    up(&migrated).await;
    loaded.execute_unprepared(LOADER).await.expect("schema.sql");
    assert_eq!(schema(&loaded).await, schema(&migrated).await);
}

#[tokio::test]
async fn a_second_run_changes_nothing_and_down_removes_the_tables() {
    let db = memory().await;
    up(&db).await;
    let before = schema(&db).await;
    assert_eq!(before.len(), 5, "two tables, three indexes: {before:#?}");
    up(&db).await;
    assert_eq!(schema(&db).await, before);
    tables::Migration
        .down(&SchemaManager::new(&db))
        .await
        .unwrap();
    assert_eq!(schema(&db).await, Vec::<String>::new());
}

#[tokio::test]
async fn entities_fit_the_tables_on_sqlite() {
    let db = memory().await;
    up(&db).await;
    entities_fit(&db).await;
}

#[tokio::test]
async fn entities_fit_the_tables_on_postgres() {
    on_server(
        "entities_fit_the_tables_on_postgres",
        "QUARTERDECK_TEST_POSTGRES",
        "postgres",
    )
    .await;
}

#[tokio::test]
async fn entities_fit_the_tables_on_mariadb() {
    on_server(
        "entities_fit_the_tables_on_mariadb",
        "QUARTERDECK_TEST_MYSQL",
        "mysql",
    )
    .await;
}

async fn on_server(test: &str, server: &str, home: &str) {
    let Ok(url) = std::env::var(server) else {
        println!("SKIPPED {test}: {server} is not set");
        return;
    };
    let url = url.trim_end_matches('/');
    let admin = Database::connect(format!("{url}/{home}")).await.unwrap();
    let name = format!("library_tables_{}", std::process::id());
    admin
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    let db = Database::connect(format!("{url}/{name}")).await.unwrap();
    up(&db).await;
    up(&db).await;
    entities_fit(&db).await;
    tables::Migration
        .down(&SchemaManager::new(&db))
        .await
        .unwrap();
    db.close().await.unwrap();
    admin
        .execute_unprepared(&format!("DROP DATABASE {name}"))
        .await
        .unwrap();
}

async fn entities_fit(db: &DatabaseConnection) {
    let author = author::ActiveModel {
        name: Set("Ada Çelik 1".into()),
        country: Set("TR".into()),
        born: Set(Date::from_ymd_opt(1931, 2, 3).unwrap()),
        bio: Set("Quiet river. 📚".into()),
        ..Default::default()
    };
    let author = author.insert(db).await.unwrap();
    let published: DateTimeUtc = "2024-05-06T07:08:09.123456Z".parse().unwrap();
    let new = book::ActiveModel {
        author_id: Set(author.id),
        title: Set("Pale Ocean Road".into()),
        isbn: Set("9780000000001".into()),
        price: Set(Decimal::new(1250, 2)),
        pages: Set(321),
        published: Set(published),
        in_print: Set(true),
        rating: Set(3.123),
        metadata: Set(serde_json::json!({"genre": "novel", "tags": ["a", "b"]})),
        ..Default::default()
    };
    let made = new.clone().insert(db).await.unwrap();
    let read = book::Entity::find_by_id(made.id)
        .one(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(read, made);
    assert_eq!(
        (read.published, read.price),
        (published, Decimal::new(1250, 2))
    );
    assert_eq!(
        author.find_related(book::Entity).all(db).await.unwrap(),
        [made]
    );
    let twin = new.clone().insert(db).await.unwrap_err();
    assert!(
        matches!(twin.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))),
        "{twin}"
    );
    let orphan = book::ActiveModel {
        author_id: Set(77),
        isbn: Set("2".into()),
        ..new
    };
    let orphan = orphan.insert(db).await.unwrap_err();
    assert!(
        matches!(
            orphan.sql_err(),
            Some(SqlErr::ForeignKeyConstraintViolation(_))
        ),
        "{orphan}"
    );
}

async fn up(db: &DatabaseConnection) {
    tables::Migration.up(&SchemaManager::new(db)).await.unwrap();
}

async fn memory() -> DatabaseConnection {
    Database::connect("sqlite::memory:").await.unwrap()
}

/// What SQLite keeps of every statement, without its white space.
async fn schema(db: &DatabaseConnection) -> Vec<String> {
    let query = "SELECT sql FROM sqlite_master \
                 WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    let statement = Statement::from_string(db.get_database_backend(), query);
    let rows = db.query_all_raw(statement).await.unwrap();
    let text = |row: QueryResult| row.try_get::<String>("", "sql").unwrap();
    rows.into_iter()
        .map(text)
        .map(|sql| sql.split_whitespace().collect())
        .collect()
}
