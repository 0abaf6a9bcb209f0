//! The answers of writes that are to happen once.

use sea_orm_migration::prelude::*;

use crate::column::Columns;
use crate::table;

/// `qd_idempotency`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = Columns::of(manager);
        let answers = table::new(manager, "qd_idempotency")
            .col(column.string("key", 64).primary_key())
            .col(column.string("request", 64))
            .col(column.text("record_id"))
            .col(column.string("etag", 64))
            .col(column.text("body"))
            .col(column.instant("created_at"))
            .take();
        manager.create_table(answers).await?;
        // By this one the old answers are swept.
        table::create_indexes(manager, "qd_idempotency", &[&["created_at"]]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table::drop(manager, &["qd_idempotency"]).await
    }
}
