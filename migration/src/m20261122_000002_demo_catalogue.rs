//! The demo shop's catalogue: what is sold, by whom it was written, under which headings.

use sea_orm_migration::prelude::*;

use crate::column::Columns;
use crate::table;

/// Makes publisher, author, book, `book_detail`, category, `book_category` and `price_list`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_publishers(manager).await?;
        create_authors(manager).await?;
        create_books(manager).await?;
        create_book_details(manager).await?;
        create_categories(manager).await?;
        create_book_categories(manager).await?;
        create_price_lists(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let last_first = [
            "price_list",
            "book_category",
            "category",
            "book_detail",
            "book",
            "author",
            "publisher",
        ];
        table::drop(manager, &last_first).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn create_publishers(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let publishers = table::new(manager, "publisher")
        .col(column.key("id"))
        .col(column.string("name", 150).unique_key())
        .col(column.string("city", 100).null())
        .col(column.string("website", 255).null())
        .col(column.small("founded_year").null())
        .col(column.boolean("active").default(true))
        .take();
    manager.create_table(publishers).await?;
    table::create_indexes(manager, "publisher", &[&["city"]]).await
}

async fn create_authors(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let authors = table::new(manager, "author")
        .col(column.key("id"))
        .col(column.string("name", 150))
        .col(column.string("slug", 160).unique_key())
        .col(column.string("country", 2))
        .col(column.date("born").null())
        .col(column.text("biography").null())
        .take();
    manager.create_table(authors).await?;
    table::create_indexes(manager, "author", &[&["name"], &["country"], &["born"]]).await
}

async fn create_books(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    // An author with books cannot go; a publisher can, and the books stay.
    let mut author = table::reference(
        ("book", "author_id"),
        ("author", "id"),
        ForeignKeyAction::Restrict,
    );
    let mut publisher = table::reference(
        ("book", "publisher_id"),
        ("publisher", "id"),
        ForeignKeyAction::SetNull,
    );
    let books = table::new(manager, "book")
        .col(column.key("id"))
        .col(column.string("isbn", 13).unique_key())
        .col(column.string("title", 200))
        .col(column.string("subtitle", 200).null())
        .col(column.big("author_id"))
        .col(column.big("publisher_id").null())
        .col(column.decimal("price", 10, 2))
        .col(column.integer("pages"))
        .col(column.date("published_on").null())
        .col(column.boolean("in_print").default(true))
        .col(column.double("rating").null())
        .col(column.string("language", 8).default("en"))
        .col(column.text("description").null())
        .col(column.json("metadata").null())
        .col(column.instant("created_at"))
        .col(column.instant("updated_at"))
        .foreign_key(&mut author)
        .foreign_key(&mut publisher)
        .take();
    manager.create_table(books).await?;
    let indexes: &[&[&str]] = &[
        &["author_id"],
        &["publisher_id"],
        &["title"],
        &["price"],
        &["published_on"],
        &["rating"],
        &["language"],
        &["created_at"],
    ];
    table::create_indexes(manager, "book", indexes).await
}

async fn create_book_details(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let mut book = table::reference(
        ("book_detail", "book_id"),
        ("book", "id"),
        ForeignKeyAction::Cascade,
    );
    let details = table::new(manager, "book_detail")
        .col(column.big("book_id").primary_key())
        .col(column.string("binding", 16).default("paperback"))
        .col(column.float("weight_g").null())
        .col(column.json("dimensions").null())
        .col(column.bytes("cover").null())
        .foreign_key(&mut book)
        .take();
    manager.create_table(details).await
}

async fn create_categories(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    // Set null and not restrict: SQLite empties a table before it drops it, and would refuse to
    // drop a table whose rows restrict each other.
    let mut parent = table::reference(
        ("category", "parent_id"),
        ("category", "id"),
        ForeignKeyAction::SetNull,
    );
    let categories = table::new(manager, "category")
        .col(column.small_key("id"))
        .col(column.integer("parent_id").null())
        .col(column.string("name", 100))
        .col(column.string("slug", 120).unique_key())
        .col(column.integer("position").default(0))
        .foreign_key(&mut parent)
        .take();
    manager.create_table(categories).await?;
    table::create_indexes(
        manager,
        "category",
        &[&["parent_id"], &["name"], &["position"]],
    )
    .await
}

async fn create_book_categories(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let from = "book_category";
    let mut book = table::reference((from, "book_id"), ("book", "id"), ForeignKeyAction::Cascade);
    let mut category = table::reference(
        (from, "category_id"),
        ("category", "id"),
        ForeignKeyAction::Cascade,
    );
    let links = table::new(manager, from)
        .col(column.big("book_id"))
        .col(column.integer("category_id"))
        .primary_key(Index::create().col("book_id").col("category_id"))
        .foreign_key(&mut book)
        .foreign_key(&mut category)
        .take();
    manager.create_table(links).await?;
    // The key itself serves the way from the book.
    table::create_indexes(manager, from, &[&["category_id"]]).await
}

async fn create_price_lists(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Columns::of(manager);
    let lists = table::new(manager, "price_list")
        .col(column.key("id"))
        .col(column.string("name", 100))
        .col(column.string("currency", 3))
        .col(column.double("factor").default(1.0))
        .col(column.local_time("valid_from"))
        .col(column.local_time("valid_until").null())
        .take();
    manager.create_table(lists).await?;
    table::create_unique(manager, "price_list", &["name", "valid_from"]).await?;
    table::create_indexes(manager, "price_list", &[&["currency"], &["valid_from"]]).await
}
