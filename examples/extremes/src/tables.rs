//! The migration that creates the tables, as the entities declare them.

use sea_orm::Schema;
use sea_orm_migration::prelude::*;

use crate::{nothing, single, wide};

/// Creates the three tables.
#[derive(Debug)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000001_extreme_tables"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::new(manager.get_database_backend());
        manager
            .create_table(schema.create_table_from_entity(wide::Entity))
            .await?;
        manager
            .create_table(schema.create_table_from_entity(single::Entity))
            .await?;
        manager
            .create_table(schema.create_table_from_entity(nothing::Entity))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["nothing", "single", "wide"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}
