//! `address`: where a customer's parcels may go.

use sea_orm::entity::prelude::*;

/// What kind of place it is. Stored as plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum Kind {
    /// Where the customer lives.
    #[sea_orm(string_value = "home")]
    Home,
    /// Where the customer works.
    #[sea_orm(string_value = "work")]
    Work,
    /// A shop or a locker that keeps parcels.
    #[sea_orm(string_value = "pickup")]
    Pickup,
}

/// One place.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "address")]
pub struct Model {
    /// Surrogate key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose place it is; goes with the customer.
    pub customer_id: Uuid,
    /// What kind of place it is.
    #[sea_orm(default_value = "home")]
    pub kind: Kind,
    /// Street and number, in the order of the country.
    #[sea_orm(column_type = "String(StringLen::N(200))")]
    pub street: String,
    /// Floor, door, care of.
    #[sea_orm(column_type = "String(StringLen::N(200))", nullable)]
    pub extra: Option<String>,
    /// Null where the country has none.
    #[sea_orm(column_type = "String(StringLen::N(16))", nullable)]
    pub postcode: Option<String>,
    /// Town or city.
    #[sea_orm(column_type = "String(StringLen::N(100))")]
    pub city: String,
    /// ISO 3166-1 alpha-2.
    #[sea_orm(column_type = "String(StringLen::N(2))")]
    pub country: String,
    /// Offered first.
    #[sea_orm(default_value = false)]
    pub is_default: bool,
}

/// What an address is linked to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Whose place it is.
    #[sea_orm(
        belongs_to = "super::customer::Entity",
        from = "Column::CustomerId",
        to = "super::customer::Column::Id",
        on_delete = "Cascade"
    )]
    Customer,
    /// What was sent there.
    #[sea_orm(has_many = "super::order::Entity")]
    Order,
}

impl Related<super::customer::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Customer.def()
    }
}

impl Related<super::order::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Order.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
