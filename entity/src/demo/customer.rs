//! `customer`: who buys. Its key is a UUID, so that it can be made before it is stored.

use sea_orm::entity::prelude::*;

/// A person who has bought something or may do so.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    /// Made by whoever makes the customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// As it stands on a parcel.
    #[sea_orm(column_type = "String(StringLen::N(150))")]
    pub name: String,
    /// Where the receipt goes.
    #[sea_orm(column_type = "String(StringLen::N(254))", unique)]
    pub email: String,
    /// As it was typed.
    #[sea_orm(column_type = "String(StringLen::N(32))", nullable)]
    pub phone: Option<String>,
    /// For the birthday greeting.
    pub birthday: Option<Date>,
    /// What the shop remembers: language, favourite headings …
    #[sea_orm(column_type = "JsonBinary")]
    pub preferences: Json,
    /// Agreed to the newsletter.
    #[sea_orm(default_value = false)]
    pub newsletter: bool,
    /// Agreed to short messages.
    #[sea_orm(default_value = false)]
    pub marketing_sms: bool,
    /// May grow past 53 bits.
    #[sea_orm(default_value = 0)]
    pub loyalty_points: i64,
    /// When the account was opened.
    pub created_at: DateTimeUtc,
}

/// What a customer is linked to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Where parcels may go.
    #[sea_orm(has_many = "super::address::Entity")]
    Address,
    /// What was bought.
    #[sea_orm(has_many = "super::order::Entity")]
    Order,
    /// What was said about books.
    #[sea_orm(has_many = "super::review::Entity")]
    Review,
}

impl Related<super::address::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Address.def()
    }
}

impl Related<super::order::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Order.def()
    }
}

impl Related<super::review::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Review.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
