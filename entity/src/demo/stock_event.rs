//! `stock_event`: every movement of the stock. The stock of a book is the sum of its movements.

use sea_orm::entity::prelude::*;

/// Why the stock moved. Stored as plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum Kind {
    /// Came from the publisher.
    #[sea_orm(string_value = "received")]
    Received,
    /// Went to a customer.
    #[sea_orm(string_value = "sold")]
    Sold,
    /// Came back from a customer.
    #[sea_orm(string_value = "returned")]
    Returned,
    /// Cannot be sold any more.
    #[sea_orm(string_value = "damaged")]
    Damaged,
    /// The shelf said something else than the book-keeping.
    #[sea_orm(string_value = "counted")]
    Counted,
}

/// One movement.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stock_event")]
pub struct Model {
    /// Surrogate key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What moved; goes with the book.
    pub book_id: i64,
    /// Why it moved.
    pub kind: Kind,
    /// How many more, or fewer.
    pub delta: i32,
    /// When it moved.
    pub at: DateTimeUtc,
    /// The delivery or the parcel it belongs to.
    pub reference: Option<Uuid>,
    /// What the scanner sent.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub payload: Option<Json>,
}

/// What an event is linked to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// What moved.
    #[sea_orm(
        belongs_to = "super::book::Entity",
        from = "Column::BookId",
        to = "super::book::Column::Id",
        on_delete = "Cascade"
    )]
    Book,
}

impl Related<super::book::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Book.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
