//! Staff notes go to the trash before they are gone.

use sea_orm_migration::prelude::*;

use crate::column::Columns;

/// `staff_note.deleted_at`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut since = Columns::of(manager).instant("deleted_at");
        let altered = Table::alter()
            .table("staff_note")
            .add_column(since.null())
            .take();
        manager.alter_table(altered).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let altered = Table::alter()
            .table("staff_note")
            .drop_column("deleted_at")
            .take();
        manager.alter_table(altered).await
    }
}
