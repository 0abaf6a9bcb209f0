//! The table of the events. Its unique key is what makes a delivery count once, however many of the
//! same arrive at the same moment.

use quarterdeck_migration::{column::Columns, table};
use sea_orm_migration::prelude::*;

const NAME: &str = "webhook_event";

/// Makes `webhook_event`.
pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000001_webhooks_event"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = Columns::of(manager);
        let events = table::new(manager, NAME)
            .col(column.key("id"))
            .col(column.string("source", 64))
            .col(column.string("scheme", 16))
            .col(column.string("event_id", 255))
            .col(column.string("event_type", 255).null())
            .col(column.instant("received_at"))
            .col(column.json("headers"))
            .col(column.json("payload"))
            .take();
        manager.create_table(events).await?;
        table::create_unique(manager, NAME, &["source", "scheme", "event_id"]).await?;
        table::create_indexes(manager, NAME, &[&["event_type"], &["received_at"]]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table::drop(manager, &[NAME]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
