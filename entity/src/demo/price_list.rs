//! `price_list`: by which factor the shop sells in another currency, and from when on.

use sea_orm::entity::prelude::*;

/// One list. A list of the same name may follow it later.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "price_list")]
pub struct Model {
    /// Surrogate key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What the shop calls it.
    #[sea_orm(column_type = "String(StringLen::N(100))", unique_key = "name_from")]
    pub name: String,
    /// ISO 4217.
    #[sea_orm(column_type = "String(StringLen::N(3))")]
    pub currency: String,
    /// What a price is multiplied by.
    #[sea_orm(default_value = 1.0)]
    pub factor: f64,
    /// On the clock of the shop it is used in, so without a zone.
    #[sea_orm(unique_key = "name_from")]
    pub valid_from: DateTime,
    /// Null for a list without end.
    pub valid_until: Option<DateTime>,
}

/// A list is linked to nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
