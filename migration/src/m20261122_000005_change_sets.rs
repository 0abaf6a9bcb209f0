//! What one request changed, as one thing: the audit's rows of it name its first one.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::column::Columns;

/// `qd_audit.change_set`, `undoes`, `reason`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = Columns::of(manager);
        // SQLite takes one column at a time.
        for mut new in [
            column.big("change_set"),
            column.big("undoes"),
            column.string("reason", 500),
        ] {
            let altered = Table::alter()
                .table("qd_audit")
                .add_column(new.null())
                .take();
            manager.alter_table(altered).await?;
        }
        // Few rows are in them: most changes are of one record.
        for column in ["change_set", "undoes"] {
            let mut index = Index::create();
            index
                .name(format!("idx_qd_audit_{column}"))
                .table("qd_audit")
                .col(column);
            // MariaDB has no index of some rows only.
            if manager.get_database_backend() != DbBackend::MySql {
                index.and_where(Expr::col(column).is_not_null());
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["change_set", "undoes"] {
            let mut index = Index::drop();
            index
                .name(format!("idx_qd_audit_{column}"))
                .table("qd_audit");
            manager.drop_index(index).await?;
        }
        for column in ["reason", "undoes", "change_set"] {
            let altered = Table::alter().table("qd_audit").drop_column(column).take();
            manager.alter_table(altered).await?;
        }
        Ok(())
    }
}
