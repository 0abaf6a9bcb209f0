//! `order_line`: one book of an order.

use sea_orm::entity::prelude::*;

/// A book stands at most once in an order.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_line")]
pub struct Model {
    /// Surrogate key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Goes with the order.
    #[sea_orm(unique_key = "order_book")]
    pub order_id: i64,
    /// A book that was sold cannot be deleted.
    #[sea_orm(unique_key = "order_book")]
    pub book_id: i64,
    /// How many.
    #[sea_orm(default_value = 1)]
    pub quantity: i32,
    /// The price of one at that time.
    #[sea_orm(column_type = "Decimal(Some((10, 2)))")]
    pub unit_price: Decimal,
}

/// What a line is linked to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The order it stands in.
    #[sea_orm(
        belongs_to = "super::order::Entity",
        from = "Column::OrderId",
        to = "super::order::Column::Id",
        on_delete = "Cascade"
    )]
    Order,
    /// What was sold.
    #[sea_orm(
        belongs_to = "super::book::Entity",
        from = "Column::BookId",
        to = "super::book::Column::Id",
        on_delete = "Restrict"
    )]
    Book,
}

impl Related<super::order::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Order.def()
    }
}

impl Related<super::book::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Book.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
