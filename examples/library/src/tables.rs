//! The migration that creates `author` and `book` with their indexes on SQLite, PostgreSQL and
//! MariaDB. What exists already is kept as it is: the load test brings its own tables.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

use crate::{author, book};

/// Creates the two tables and their indexes where they are missing.
#[derive(Debug)]
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000001_library_tables"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        manager.create_table(authors(backend)).await?;
        manager.create_table(books(backend)).await?;
        for (name, column, unique) in INDEXES {
            // Not IF NOT EXISTS: MySQL has none for indexes.
            if !manager.has_index("book", name).await? {
                manager.create_index(index(name, column, unique)).await?;
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(book::Entity).to_owned())
            .await?;
        manager
            .drop_table(Table::drop().table(author::Entity).to_owned())
            .await
    }
}

/// Name, column and whether it is unique. On PostgreSQL the unique one is a constraint's.
const INDEXES: [(&str, book::Column, bool); 3] = [
    ("book_author_id_idx", book::Column::AuthorId, false),
    ("book_published_idx", book::Column::Published, false),
    ("book_isbn_key", book::Column::Isbn, true),
];

fn authors(backend: DbBackend) -> TableCreateStatement {
    use author::Column;
    let mut table = table(backend, author::Entity);
    table
        .col(key(Column::Id))
        .col(ColumnDef::new(Column::Name).string_len(200).not_null())
        .col(ColumnDef::new(Column::Country).char_len(2).not_null())
        .col(ColumnDef::new(Column::Born).date().not_null())
        .col(ColumnDef::new(Column::Bio).text().not_null());
    table
}

fn books(backend: DbBackend) -> TableCreateStatement {
    use book::Column;
    let mut author = ForeignKey::create();
    author
        .name("book_author_id_fkey")
        .from(book::Entity, Column::AuthorId)
        .to(author::Entity, author::Column::Id);
    let mut table = table(backend, book::Entity);
    table
        .col(key(Column::Id))
        .col(ColumnDef::new(Column::AuthorId).big_integer().not_null())
        .col(ColumnDef::new(Column::Title).string_len(200).not_null())
        .col(ColumnDef::new(Column::Isbn).string_len(13).not_null())
        .col(ColumnDef::new(Column::Price).decimal_len(10, 2).not_null())
        .col(ColumnDef::new(Column::Pages).integer().not_null())
        .col(instant(backend, Column::Published))
        .col(ColumnDef::new(Column::InPrint).boolean().not_null())
        .col(ColumnDef::new(Column::Rating).double().not_null())
        .col(ColumnDef::new(Column::Metadata).json_binary().not_null())
        .foreign_key(&mut author);
    table
}

/// Text is compared by its bytes on every database, so that MariaDB orders as the others do.
fn table(backend: DbBackend, name: impl IntoTableRef) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name).if_not_exists();
    if backend == DbBackend::MySql {
        table.character_set("utf8mb4").collate("utf8mb4_bin");
    }
    table
}

fn key(column: impl IntoIden) -> ColumnDef {
    ColumnDef::new(column)
        .big_integer()
        .not_null()
        .auto_increment()
        .primary_key()
        .to_owned()
}

/// MariaDB's TIMESTAMP ends in 2038 and its DATETIME keeps whole seconds unless asked.
fn instant(backend: DbBackend, column: impl IntoIden) -> ColumnDef {
    let mut definition = ColumnDef::new(column);
    if backend == DbBackend::MySql {
        definition.custom("datetime(6)");
    } else {
        definition.timestamp_with_time_zone();
    }
    definition.not_null().to_owned()
}

fn index(name: &str, column: book::Column, unique: bool) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(book::Entity).col(column);
    if unique {
        index.unique();
    }
    index
}
