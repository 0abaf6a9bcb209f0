//! Authors.

use sea_orm::entity::prelude::*;

/// One row of `author`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "author")]
pub struct Model {
    /// Key, given by the database.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Full name.
    #[sea_orm(column_type = "String(StringLen::N(200))")]
    pub name: String,
    /// Country of birth, ISO 3166-1 alpha-2.
    #[sea_orm(column_type = "Char(Some(2))")]
    pub country: String,
    /// Day of birth.
    pub born: Date,
    /// A few sentences about the author.
    #[sea_orm(column_type = "Text")]
    pub bio: String,
}

/// The relations of `author`.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// What this author wrote.
    #[sea_orm(has_many = "super::book::Entity")]
    Books,
}

impl Related<super::book::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Books.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
