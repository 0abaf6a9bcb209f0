//! Albums: a title by one artist.

use sea_orm::entity::prelude::*;

/// One row of `Album`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "Album")]
pub struct Model {
    /// Key, given by the caller.
    #[sea_orm(primary_key, auto_increment = false, column_name = "AlbumId")]
    pub album_id: i32,
    /// Title on the cover.
    #[sea_orm(column_name = "Title", column_type = "String(StringLen::N(160))")]
    pub title: String,
    /// Who made it.
    #[sea_orm(column_name = "ArtistId")]
    pub artist_id: i32,
}

/// The relations of `Album`.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Who made it.
    #[sea_orm(
        belongs_to = "super::artist::Entity",
        from = "Column::ArtistId",
        to = "super::artist::Column::ArtistId"
    )]
    Artist,
    /// What is on it.
    #[sea_orm(has_many = "super::track::Entity")]
    Tracks,
}

impl Related<super::artist::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Artist.def()
    }
}

impl Related<super::track::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Tracks.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
