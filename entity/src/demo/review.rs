//! `review`: what customers say about books.

use sea_orm::entity::prelude::*;

/// What the shop thinks of a review. Stored as plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum Moderation {
    /// Nobody has looked.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// Fine.
    #[sea_orm(string_value = "accepted")]
    Accepted,
    /// Will not be shown.
    #[sea_orm(string_value = "rejected")]
    Rejected,
    /// Somebody complained.
    #[sea_orm(string_value = "flagged")]
    Flagged,
}

/// One opinion.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "review")]
pub struct Model {
    /// Surrogate key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Goes with the book.
    pub book_id: i64,
    /// Null after the customer is gone.
    pub customer_id: Option<Uuid>,
    /// One to five.
    pub rating: i16,
    /// In a few words.
    #[sea_orm(column_type = "String(StringLen::N(200))")]
    pub title: String,
    /// In more words.
    #[sea_orm(column_type = "Text", nullable)]
    pub body: Option<String>,
    /// Shown in the shop.
    #[sea_orm(default_value = false)]
    pub approved: bool,
    /// What the shop thinks of it.
    #[sea_orm(default_value = "pending")]
    pub moderation: Moderation,
    /// When it was written.
    pub created_at: DateTimeUtc,
}

/// What a review is linked to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// What it speaks of.
    #[sea_orm(
        belongs_to = "super::book::Entity",
        from = "Column::BookId",
        to = "super::book::Column::Id",
        on_delete = "Cascade"
    )]
    Book,
    /// Who wrote it.
    #[sea_orm(
        belongs_to = "super::customer::Entity",
        from = "Column::CustomerId",
        to = "super::customer::Column::Id",
        on_delete = "SetNull"
    )]
    Customer,
}

impl Related<super::book::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Book.def()
    }
}

impl Related<super::customer::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Customer.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
