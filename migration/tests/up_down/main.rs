//! The whole list goes up, down and up again on the three databases, and every entity fits the
//! table that its migration made.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]

mod database;
mod fit;
mod strangers;

use quarterdeck_migration::{MigrationTrait, State, demo, down, status, system, up};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use database::Database;

fn everything() -> Vec<Box<dyn MigrationTrait>> {
    system().into_iter().chain(demo()).collect()
}

async fn goes_up_down_and_up(db: &DatabaseConnection) {
    let names: Vec<String> = everything().iter().map(|m| m.name().to_owned()).collect();
    assert_eq!(up(db, everything()).await.unwrap(), names);
    assert_eq!(
        up(db, everything()).await.unwrap(),
        Vec::<String>::new(),
        "nothing is left to do"
    );
    policy_version_is_one(db).await;
    fit::every_entity_fits(db).await;
    text_sorts_by_code_point(db).await;

    // With rows in every table: a database that empties a table before it drops it must manage.
    let back: Vec<String> = names.iter().rev().cloned().collect();
    assert_eq!(down(db, everything(), Some(1)).await.unwrap(), back[..1]);
    assert_eq!(down(db, everything(), None).await.unwrap(), back[1..]);
    let steps = status(db, &everything()).await.unwrap();
    assert!(
        steps.iter().all(|step| step.state == State::Pending),
        "{steps:?}"
    );
    nothing_is_left(db).await;

    assert_eq!(up(db, everything()).await.unwrap(), names);
    policy_version_is_one(db).await;
}

async fn policy_version_is_one(db: &DatabaseConnection) {
    use quarterdeck_entity::system::state;
    let rows = state::Entity::find().all(db).await.unwrap();
    let row = state::Model {
        name: "policy_version".to_owned(),
        value: "1".to_owned(),
    };
    assert_eq!(rows, [row]);
}

/// And equal is only what is the same: no two of these may be one to the unique index.
async fn text_sorts_by_code_point(db: &DatabaseConnection) {
    use quarterdeck_entity::demo::author;
    let sorted = ["A", "B", "a", "b", "zebra", "É", "é", "Ж", "日", "🐙"];
    let rows = sorted
        .iter()
        .zip(1001..)
        .map(|(slug, id)| author::ActiveModel {
            id: Set(id),
            name: Set("order".to_owned()),
            slug: Set((*slug).to_owned()),
            country: Set("XX".to_owned()),
            ..Default::default()
        });
    author::Entity::insert_many(rows)
        .exec_without_returning(db)
        .await
        .unwrap();
    let found: Vec<String> = author::Entity::find()
        .filter(author::Column::Name.eq("order"))
        .order_by_asc(author::Column::Slug)
        .select_only()
        .column(author::Column::Slug)
        .into_tuple()
        .all(db)
        .await
        .unwrap();
    assert_eq!(found, sorted);
}

async fn nothing_is_left(db: &DatabaseConnection) {
    let manager = sea_orm_migration::SchemaManager::new(db);
    for table in fit::TABLES {
        assert!(
            !manager.has_table(table).await.unwrap(),
            "{table} is still there"
        );
    }
}

#[tokio::test]
async fn sqlite_goes_up_down_and_up() {
    let database = Database::sqlite().await;
    goes_up_down_and_up(&database.connection).await;
}

#[tokio::test]
async fn postgres_goes_up_down_and_up() {
    let Some(database) = Database::postgres("up_down").await else {
        return;
    };
    goes_up_down_and_up(&database.connection).await;
    database.remove().await;
}

#[tokio::test]
async fn mysql_goes_up_down_and_up() {
    let Some(database) = Database::mysql("up_down").await else {
        return;
    };
    goes_up_down_and_up(&database.connection).await;
    database.remove().await;
}

#[tokio::test]
async fn a16_tables_of_others_are_left_alone() {
    let databases = [
        Some(Database::sqlite().await),
        Database::postgres("strangers").await,
        Database::mysql("strangers").await,
    ];
    for database in databases.into_iter().flatten() {
        strangers::unknown_tables_are_left_alone(&database.connection).await;
        strangers::a_table_of_our_name_is_not_taken(&database.connection).await;
        database.remove().await;
    }
}

#[tokio::test]
async fn a_database_that_saw_the_demo_starts_without_it() {
    let database = Database::sqlite().await;
    let db = &database.connection;
    up(db, everything()).await.unwrap();
    assert_eq!(up(db, system()).await.unwrap(), Vec::<String>::new());
    let states: Vec<State> = status(db, &system())
        .await
        .unwrap()
        .into_iter()
        .map(|step| step.state)
        .collect();
    let applied = system().len();
    assert!(states[..applied].iter().all(|s| *s == State::Applied));
    assert_eq!(states[applied..], vec![State::Unlisted; demo().len()]);
}

#[tokio::test]
async fn asking_for_the_status_changes_nothing() {
    let database = Database::sqlite().await;
    let db = &database.connection;
    let steps = status(db, &everything()).await.unwrap();
    assert!(
        steps.iter().all(|step| step.state == State::Pending),
        "{steps:?}"
    );
    let manager = sea_orm_migration::SchemaManager::new(db);
    assert!(
        !manager
            .has_table(quarterdeck_migration::run::TABLE)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_migration_that_is_listed_twice_is_refused() {
    let database = Database::sqlite().await;
    let twice = system().into_iter().chain(system()).collect();
    let error = up(&database.connection, twice)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("m20261122_000001_system") && error.contains("twice"),
        "{error}"
    );
}

#[tokio::test]
async fn two_nodes_may_start_at_once_on_postgres() {
    let Some(database) = Database::postgres("two_nodes").await else {
        return;
    };
    let db = &database.connection;
    let (one, other) = tokio::join!(up(db, everything()), up(db, everything()));
    let mut applied = [one.unwrap(), other.unwrap()].concat();
    applied.sort();
    let mut names: Vec<String> = everything().iter().map(|m| m.name().to_owned()).collect();
    names.sort();
    assert_eq!(applied, names, "each is applied once, by one of the two");
    database.remove().await;
}
