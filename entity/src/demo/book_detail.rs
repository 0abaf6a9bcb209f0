//! `book_detail`: what only the warehouse and the shop window ask about a book.

use sea_orm::entity::prelude::*;

/// How the pages are held together. Stored as plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum Binding {
    /// Boards.
    #[sea_orm(string_value = "hardcover")]
    Hardcover,
    /// Soft cover.
    #[sea_orm(string_value = "paperback")]
    Paperback,
    /// No paper at all.
    #[sea_orm(string_value = "ebook")]
    Ebook,
    /// Read aloud.
    #[sea_orm(string_value = "audio")]
    Audio,
}

/// At most one for each book; the book's key is its key.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "book_detail")]
pub struct Model {
    /// The book that is meant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub book_id: i64,
    /// How the pages are held together.
    #[sea_orm(default_value = "paperback")]
    pub binding: Binding,
    /// Grams; null for what has no weight.
    pub weight_g: Option<f32>,
    /// `{"width_mm", "height_mm", "depth_mm"}`.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub dimensions: Option<Json>,
    /// A small picture.
    #[sea_orm(column_type = "Blob", nullable)]
    pub cover: Option<Vec<u8>>,
}

/// What a detail is linked to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The book that is meant.
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
