//! `author`: who wrote the books.

use sea_orm::entity::prelude::*;

/// A writer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "author")]
pub struct Model {
    /// Surrogate key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// In the writer's own script.
    #[sea_orm(column_type = "String(StringLen::N(150))")]
    pub name: String,
    /// The name for addresses: Latin letters, digits and hyphens.
    #[sea_orm(column_type = "String(StringLen::N(160))", unique)]
    pub slug: String,
    /// ISO 3166-1 alpha-2.
    #[sea_orm(column_type = "String(StringLen::N(2))")]
    pub country: String,
    /// Null where nobody knows.
    pub born: Option<Date>,
    /// A few sentences.
    #[sea_orm(column_type = "Text", nullable)]
    pub biography: Option<String>,
}

/// What an author is linked to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// What the author wrote.
    #[sea_orm(has_many = "super::book::Entity")]
    Book,
}

impl Related<super::book::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Book.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
