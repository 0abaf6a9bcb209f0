//! Genres of music and of films.

use sea_orm::entity::prelude::*;

/// One row of `Genre`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "Genre")]
pub struct Model {
    /// Key, given by the caller.
    #[sea_orm(primary_key, auto_increment = false, column_name = "GenreId")]
    pub genre_id: i32,
    /// Name of the genre.
    #[sea_orm(column_name = "Name", column_type = "String(StringLen::N(120))")]
    pub name: Option<String>,
}

/// The relations of `Genre`.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The tracks of this genre.
    #[sea_orm(has_many = "super::track::Entity")]
    Tracks,
}

impl Related<super::track::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Tracks.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
