//! What the one who was answered could read, beside the answer that is kept.

use sea_orm_migration::prelude::*;

use crate::column::Columns;

/// `qd_idempotency.rights`. The answers that are there already were given under rights that nobody
/// knows any more: they fit no one's.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut rights = Columns::of(manager).string("rights", 64);
        let answers = Table::alter()
            .table("qd_idempotency")
            .add_column(rights.default(""))
            .take();
        manager.alter_table(answers).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let answers = Table::alter()
            .table("qd_idempotency")
            .drop_column("rights")
            .take();
        manager.alter_table(answers).await
    }
}
