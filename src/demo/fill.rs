//! Fills an empty database with the demo shop: about 100,000 rows, the same at every run.
//!
//! What the rows are is in the modules below; what each table means is in the entities. Rows go
//! in as they are, so the entities' own hooks do not run, and their keys are given, so that the
//! rows can name each other.

mod catalogue;
mod opinions;
mod people;
mod random;
#[cfg(test)]
mod tests;
mod trade;
mod words;

use quarterdeck_entity::demo;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    IntoActiveModel, Iterable, TransactionTrait,
};

/// Values in one statement. SQLite takes 32,766, PostgreSQL and MariaDB 65,535; beyond a few
/// thousand a statement only gets larger, not faster.
const VALUES_AT_ONCE: usize = 6_000;

/// Puts the demo's rows into tables that are empty, all of them or, on an error, none.
///
/// # Errors
/// What the database says; a table with rows in it is such a case.
pub async fn fill(db: &DatabaseConnection) -> Result<(), DbErr> {
    let transaction = db.begin().await?;
    let at = &transaction;
    // What is pointed at goes in first.
    insert::<demo::publisher::Entity>(at, catalogue::publishers()).await?;
    insert::<demo::author::Entity>(at, catalogue::authors()).await?;
    let ratings = opinions::mean_ratings();
    insert::<demo::book::Entity>(at, catalogue::books(&ratings)).await?;
    insert::<demo::book_detail::Entity>(at, catalogue::details()).await?;
    insert::<demo::category::Entity>(at, catalogue::categories()).await?;
    insert::<demo::book_category::Entity>(at, catalogue::book_categories()).await?;
    insert::<demo::price_list::Entity>(at, catalogue::price_lists()).await?;
    insert::<demo::customer::Entity>(at, people::customers()).await?;
    insert::<demo::address::Entity>(at, people::addresses()).await?;
    insert::<demo::order::Entity>(at, trade::orders()).await?;
    insert::<demo::order_line::Entity>(at, trade::order_lines()).await?;
    insert::<demo::review::Entity>(at, opinions::reviews()).await?;
    insert::<demo::stock_event::Entity>(at, trade::stock_events()).await?;
    insert::<demo::staff_note::Entity>(at, opinions::staff_notes()).await?;
    count_on(at).await?;
    transaction.commit().await
}

async fn insert<E>(
    db: &DatabaseTransaction,
    mut rows: impl Iterator<Item = E::Model>,
) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    let at_once = VALUES_AT_ONCE / E::Column::iter().count().max(1);
    loop {
        let chunk: Vec<_> = rows
            .by_ref()
            .take(at_once)
            .map(E::Model::into_active_model)
            .collect();
        if chunk.is_empty() {
            return Ok(());
        }
        E::insert_many(chunk).exec_without_returning(db).await?;
    }
}

/// PostgreSQL does not notice keys that are given, and would count from one into them.
async fn count_on(db: &DatabaseTransaction) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let counted = [
        "publisher",
        "author",
        "book",
        "category",
        "price_list",
        "address",
        "order",
        "order_line",
        "review",
        "stock_event",
    ];
    for table in counted {
        let next = format!(
            r#"SELECT setval(pg_get_serial_sequence('"{table}"', 'id'), max(id)) FROM "{table}""#
        );
        db.execute_unprepared(&next).await?;
    }
    Ok(())
}
