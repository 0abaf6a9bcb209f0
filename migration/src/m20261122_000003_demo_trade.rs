//! The demo shop's trade: who buys, what was ordered, what was said about it, what moved.

use sea_orm_migration::prelude::*;

use crate::column::Columns;
use crate::table;

/// The type of `order.status`, where the database has enum types.
const ORDER_STATUS: &str = "order_status";

/// The words of `order.status`, in the order in which an order goes through them.
const ORDER_STATUS_WORDS: [&str; 5] = ["pending", "paid", "shipped", "delivered", "cancelled"];

/// Makes customer, address, order, `order_line`, review, `stock_event` and `staff_note`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_customers(manager).await?;
        create_addresses(manager).await?;
        create_orders(manager).await?;
        create_order_lines(manager).await?;
        create_reviews(manager).await?;
        create_stock_events(manager).await?;
        create_staff_notes(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let last_first = [
            "staff_note",
            "stock_event",
            "review",
            "order_line",
            "order",
            "address",
            "customer",
        ];
        table::drop(manager, &last_first).await?;
        table::drop_choice(manager, ORDER_STATUS).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn create_customers(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let customers = table::new(manager, "customer")
        .col(column.uuid("id").primary_key())
        .col(column.string("name", 150))
        .col(column.string("email", 254).unique_key())
        .col(column.string("phone", 32).null())
        .col(column.date("birthday").null())
        .col(column.json("preferences"))
        .col(column.boolean("newsletter").default(false))
        .col(column.boolean("marketing_sms").default(false))
        .col(column.big("loyalty_points").default(0))
        .col(column.instant("created_at"))
        .take();
    manager.create_table(customers).await?;
    let indexes: &[&[&str]] = &[
        &["name"],
        &["birthday"],
        &["loyalty_points"],
        &["created_at"],
    ];
    table::create_indexes(manager, "customer", indexes).await
}

async fn create_addresses(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let mut customer = table::reference(
        ("address", "customer_id"),
        ("customer", "id"),
        ForeignKeyAction::Cascade,
    );
    let addresses = table::new(manager, "address")
        .col(column.key("id"))
        .col(column.uuid("customer_id"))
        .col(column.string("kind", 16).default("home"))
        .col(column.string("street", 200))
        .col(column.string("extra", 200).null())
        .col(column.string("postcode", 16).null())
        .col(column.string("city", 100))
        .col(column.string("country", 2))
        .col(column.boolean("is_default").default(false))
        .foreign_key(&mut customer)
        .take();
    manager.create_table(addresses).await?;
    let indexes: &[&[&str]] = &[&["customer_id"], &["city"], &["country"]];
    table::create_indexes(manager, "address", indexes).await
}

async fn create_orders(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table::create_choice(manager, ORDER_STATUS, &ORDER_STATUS_WORDS).await?;
    let column = Columns::of(manager);
    // A customer with orders cannot go; an address can, and the orders stay.
    let mut customer = table::reference(
        ("order", "customer_id"),
        ("customer", "id"),
        ForeignKeyAction::Restrict,
    );
    let mut address = table::reference(
        ("order", "shipping_address_id"),
        ("address", "id"),
        ForeignKeyAction::SetNull,
    );
    let orders = table::new(manager, "order")
        .col(column.key("id"))
        .col(column.uuid("customer_id"))
        .col(column.big("shipping_address_id").null())
        .col(
            column
                .choice("status", ORDER_STATUS, &ORDER_STATUS_WORDS)
                .default("pending"),
        )
        .col(column.decimal("total", 12, 2))
        .col(column.instant("placed_at"))
        .col(column.instant("shipped_at").null())
        .col(column.text("note").null())
        .foreign_key(&mut customer)
        .foreign_key(&mut address)
        .take();
    manager.create_table(orders).await?;
    let indexes: &[&[&str]] = &[
        &["customer_id"],
        &["shipping_address_id"],
        &["status"],
        &["total"],
        &["placed_at"],
        &["shipped_at"],
    ];
    table::create_indexes(manager, "order", indexes).await
}

async fn create_order_lines(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let from = "order_line";
    let mut order = table::reference(
        (from, "order_id"),
        ("order", "id"),
        ForeignKeyAction::Cascade,
    );
    let mut book = table::reference(
        (from, "book_id"),
        ("book", "id"),
        ForeignKeyAction::Restrict,
    );
    let lines = table::new(manager, from)
        .col(column.key("id"))
        .col(column.big("order_id"))
        .col(column.big("book_id"))
        .col(column.integer("quantity").default(1))
        .col(column.decimal("unit_price", 10, 2))
        .foreign_key(&mut order)
        .foreign_key(&mut book)
        .take();
    manager.create_table(lines).await?;
    // The unique index serves the way from the order as well.
    table::create_unique(manager, from, &["order_id", "book_id"]).await?;
    table::create_indexes(manager, from, &[&["book_id"]]).await
}

async fn create_reviews(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let mut book = table::reference(
        ("review", "book_id"),
        ("book", "id"),
        ForeignKeyAction::Cascade,
    );
    let mut customer = table::reference(
        ("review", "customer_id"),
        ("customer", "id"),
        ForeignKeyAction::SetNull,
    );
    let reviews = table::new(manager, "review")
        .col(column.key("id"))
        .col(column.big("book_id"))
        .col(column.uuid("customer_id").null())
        .col(column.small("rating"))
        .col(column.string("title", 200))
        .col(column.text("body").null())
        .col(column.boolean("approved").default(false))
        .col(column.string("moderation", 16).default("pending"))
        .col(column.instant("created_at"))
        .foreign_key(&mut book)
        .foreign_key(&mut customer)
        .take();
    manager.create_table(reviews).await?;
    let indexes: &[&[&str]] = &[
        &["book_id"],
        &["customer_id"],
        &["rating"],
        &["moderation"],
        &["created_at"],
    ];
    table::create_indexes(manager, "review", indexes).await
}

async fn create_stock_events(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let mut book = table::reference(
        ("stock_event", "book_id"),
        ("book", "id"),
        ForeignKeyAction::Cascade,
    );
    let events = table::new(manager, "stock_event")
        .col(column.key("id"))
        .col(column.big("book_id"))
        .col(column.string("kind", 16))
        .col(column.integer("delta"))
        .col(column.instant("at"))
        .col(column.uuid("reference").null())
        .col(column.json("payload").null())
        .foreign_key(&mut book)
        .take();
    manager.create_table(events).await?;
    table::create_indexes(manager, "stock_event", &[&["book_id"], &["kind"], &["at"]]).await
}

async fn create_staff_notes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let notes = table::new(manager, "staff_note")
        .col(column.string("code", 16).primary_key())
        .col(column.text("body"))
        .col(column.boolean("pinned").default(false))
        .col(column.time("remind_at").null())
        .col(column.instant("created_at"))
        .take();
    manager.create_table(notes).await?;
    table::create_indexes(manager, "staff_note", &[&["pinned"], &["created_at"]]).await
}
