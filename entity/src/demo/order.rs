//! `order`: what a customer bought at one time. The table's name is a reserved word of SQL, as
//! real tables' names sometimes are.

use sea_orm::entity::prelude::*;

/// How far an order has come. Stored as the database's own enum type where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "order_status")]
pub enum Status {
    /// Not paid.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// Paid, not sent.
    #[sea_orm(string_value = "paid")]
    Paid,
    /// On its way.
    #[sea_orm(string_value = "shipped")]
    Shipped,
    /// Arrived.
    #[sea_orm(string_value = "delivered")]
    Delivered,
    /// Will not be sent.
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
}

/// One purchase.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order")]
pub struct Model {
    /// The number on the receipt.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who bought; a customer with orders cannot be deleted.
    pub customer_id: Uuid,
    /// Null for what was fetched, and after the address is gone.
    pub shipping_address_id: Option<i64>,
    /// How far the order has come.
    #[sea_orm(default_value = "pending")]
    pub status: Status,
    /// What the customer pays.
    #[sea_orm(column_type = "Decimal(Some((12, 2)))")]
    pub total: Decimal,
    /// When it was ordered.
    pub placed_at: DateTimeUtc,
    /// Null before it is sent.
    pub shipped_at: Option<DateTimeUtc>,
    /// What the customer wrote beside it.
    #[sea_orm(column_type = "Text", nullable)]
    pub note: Option<String>,
}

/// What an order is linked to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Who bought.
    #[sea_orm(
        belongs_to = "super::customer::Entity",
        from = "Column::CustomerId",
        to = "super::customer::Column::Id",
        on_delete = "Restrict"
    )]
    Customer,
    /// Where it goes.
    #[sea_orm(
        belongs_to = "super::address::Entity",
        from = "Column::ShippingAddressId",
        to = "super::address::Column::Id",
        on_delete = "SetNull"
    )]
    ShippingAddress,
    /// What was bought.
    #[sea_orm(has_many = "super::order_line::Entity")]
    OrderLine,
}

impl Related<super::customer::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Customer.def()
    }
}

impl Related<super::address::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::ShippingAddress.def()
    }
}

impl Related<super::order_line::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::OrderLine.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
