//! What takes its time, and what became of it.

use sea_orm_migration::prelude::*;

use crate::column::Columns;
use crate::table;

/// `qd_operation`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = Columns::of(manager);
        let operations = table::new(manager, "qd_operation")
            .col(column.key("id"))
            .col(column.string("kind", 16))
            .col(column.string("model", 64).null())
            .col(column.big("user_id").null())
            .col(column.string("username", 150).null())
            .col(column.big("token_id").null())
            .col(column.string("request_id", 64))
            .col(column.string("rights", 64).null())
            .col(column.string("node", 36))
            .col(column.string("state", 16))
            .col(column.boolean("atomic"))
            .col(column.big("done"))
            .col(column.big("total").null())
            .col(column.boolean("cancel"))
            .col(column.instant("started_at"))
            .col(column.instant("seen_at"))
            .col(column.instant("ended_at").null())
            .col(column.json("result").null())
            .take();
        manager.create_table(operations).await?;
        // By these are found those that were left behind, the old ones, and somebody's own.
        let indexes: [&[&str]; 3] = [&["state"], &["ended_at"], &["user_id"]];
        table::create_indexes(manager, "qd_operation", &indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table::drop(manager, &["qd_operation"]).await
    }
}
