//! Books, each by one author.

use sea_orm::entity::prelude::*;

/// One row of `book`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "book")]
pub struct Model {
    /// Key, given by the database.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who wrote it.
    pub author_id: i64,
    /// Title on the cover.
    #[sea_orm(column_type = "String(StringLen::N(200))")]
    pub title: String,
    /// Thirteen digits, no two books share them.
    #[sea_orm(column_type = "String(StringLen::N(13))", unique)]
    pub isbn: String,
    /// Price of one copy.
    #[sea_orm(column_type = "Decimal(Some((10, 2)))")]
    pub price: Decimal,
    /// Number of pages.
    pub pages: i32,
    /// When it appeared.
    pub published: DateTimeUtc,
    /// Whether it can still be ordered.
    pub in_print: bool,
    /// Mean of the readers' marks, 0 to 5.
    #[sea_orm(column_type = "Double")]
    pub rating: f64,
    /// Genre, edition and tags.
    #[sea_orm(column_type = "JsonBinary")]
    pub metadata: Json,
}

/// The relations of `book`.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Who wrote it.
    #[sea_orm(
        belongs_to = "super::author::Entity",
        from = "Column::AuthorId",
        to = "super::author::Column::Id"
    )]
    Author,
}

impl Related<super::author::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Author.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
