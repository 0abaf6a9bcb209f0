//! Tables, foreign keys, indexes and enum types, with one naming scheme: `fk_<table>_<column>`,
//! `idx_<table>_<columns>`, `uq_<table>_<columns>`. Column kinds are in `column`.

use sea_orm_migration::sea_orm::{ConnectionTrait as _, DbBackend};
use sea_orm_migration::sea_query::extension::postgres::Type;
use sea_orm_migration::sea_query::{
    ConditionalStatement as _, Expr, ExprTrait as _, ForeignKey, ForeignKeyAction,
    ForeignKeyCreateStatement, Index, Table, TableCreateStatement,
};
use sea_orm_migration::{DbErr, SchemaManager};

/// The start of a new table. On MariaDB and MySQL text in it is compared byte by byte, as the
/// other two databases do it, and may hold any character.
#[must_use]
pub fn new(manager: &SchemaManager<'_>, name: &'static str) -> TableCreateStatement {
    let mut table = Table::create().table(name).take();
    if manager.get_database_backend() == DbBackend::MySql {
        table
            .engine("InnoDB")
            .character_set("utf8mb4")
            .collate("utf8mb4_bin");
    }
    table
}

/// `table.column` points at `target`, written `table.column` too.
#[must_use]
pub fn reference(
    from: (&'static str, &'static str),
    to: (&'static str, &'static str),
    on_delete: ForeignKeyAction,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{}_{}", from.0, from.1))
        .from(from.0, from.1)
        .to(to.0, to.1)
        .on_delete(on_delete)
        .on_update(ForeignKeyAction::NoAction)
        .take()
}

/// Makes an index for each entry of `list`; an entry is the columns of one index.
///
/// # Errors
/// What the database says.
pub async fn create_indexes(
    manager: &SchemaManager<'_>,
    table: &'static str,
    list: &[&[&'static str]],
) -> Result<(), DbErr> {
    for columns in list {
        create_index(manager, table, columns, false).await?;
    }
    Ok(())
}

/// Makes an index under which no two rows may be equal.
///
/// # Errors
/// What the database says.
pub async fn create_unique(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    create_index(manager, table, columns, true).await
}

/// Makes a key under which no two rows outside the trash may be equal: those whose `since` (the column
/// of `ModelOptions::trash`) is null. MariaDB has no index of some rows only; there a generated
/// column `<since>_live`, null in the trash, is part of the key.
///
/// # Errors
/// What the database says.
pub async fn create_unique_live(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
    since: &'static str,
) -> Result<(), DbErr> {
    let mut index = Index::create();
    index
        .name(format!("uq_{table}_{}", columns.join("_")))
        .table(table)
        .unique();
    for column in columns {
        index.col(*column);
    }
    if manager.get_database_backend() == DbBackend::MySql {
        let live = format!("{since}_live");
        if !manager.has_column(table, &live).await? {
            let add = format!(
                "ALTER TABLE `{table}` ADD COLUMN `{live}` TINYINT AS (IF(`{since}` IS NULL, 1, NULL)) VIRTUAL"
            );
            manager.get_connection().execute_unprepared(&add).await?;
        }
        index.col(live);
    } else {
        index.and_where(Expr::col(since).is_null());
    }
    manager.create_index(index).await
}

async fn create_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
    unique: bool,
) -> Result<(), DbErr> {
    let prefix = if unique { "uq" } else { "idx" };
    let mut index = Index::create();
    index
        .name(format!("{prefix}_{table}_{}", columns.join("_")))
        .table(table);
    for column in columns {
        index.col(*column);
    }
    if unique {
        index.unique();
    }
    manager.create_index(index).await
}

/// Drops tables in the order given: what points at a table goes before it.
///
/// # Errors
/// What the database says.
pub async fn drop(manager: &SchemaManager<'_>, names: &[&'static str]) -> Result<(), DbErr> {
    for name in names {
        manager
            .drop_table(Table::drop().table(*name).take())
            .await?;
    }
    Ok(())
}

/// Makes the type behind [`crate::column::Columns::choice`] where the database wants one.
///
/// # Errors
/// What the database says.
pub async fn create_choice(
    manager: &SchemaManager<'_>,
    name: &'static str,
    words: &[&'static str],
) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    manager
        .create_type(
            Type::create()
                .as_enum(name)
                .values(words.iter().copied())
                .clone(),
        )
        .await
}

/// Drops what [`create_choice`] made.
///
/// # Errors
/// What the database says.
pub async fn drop_choice(manager: &SchemaManager<'_>, name: &'static str) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    manager.drop_type(Type::drop().name(name).clone()).await
}
