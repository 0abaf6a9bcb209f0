//! `publisher`: who brings books out.

use sea_orm::entity::prelude::*;

/// A publishing house.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "publisher")]
pub struct Model {
    /// Surrogate key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The name on the cover.
    #[sea_orm(column_type = "String(StringLen::N(150))", unique)]
    pub name: String,
    /// Where the house is.
    #[sea_orm(column_type = "String(StringLen::N(100))", nullable)]
    pub city: Option<String>,
    /// An address on the web.
    #[sea_orm(column_type = "String(StringLen::N(255))", nullable)]
    pub website: Option<String>,
    /// A year is small enough for 16 bits.
    pub founded_year: Option<i16>,
    /// False for a house that is closed.
    #[sea_orm(default_value = true)]
    pub active: bool,
}

/// What a publisher is linked to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// What the house brought out.
    #[sea_orm(has_many = "super::book::Entity")]
    Book,
}

impl Related<super::book::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Book.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
