//! The lists that users have given names to.

use sea_orm_migration::prelude::*;

use crate::column::Columns;
use crate::table;

/// `qd_saved_view`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        const TABLE: &str = "qd_saved_view";
        let column = Columns::of(manager);
        let views = table::new(manager, TABLE)
            .col(column.key("id"))
            .col(column.big("owner_id").null())
            .col(column.string("model", 64))
            .col(column.string("name", 100))
            .col(column.text("query"))
            .col(column.boolean("shared"))
            .col(column.instant("created_at"))
            .foreign_key(&mut table::reference(
                (TABLE, "owner_id"),
                ("qd_user", "id"),
                ForeignKeyAction::Cascade,
            ))
            .take();
        manager.create_table(views).await?;
        table::create_unique(manager, TABLE, &["owner_id", "model", "name"]).await?;
        table::create_indexes(manager, TABLE, &[&["model"]]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table::drop(manager, &["qd_saved_view"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
