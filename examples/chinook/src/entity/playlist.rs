//! Playlists: named selections of tracks.

use sea_orm::entity::prelude::*;

/// One row of `Playlist`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "Playlist")]
pub struct Model {
    /// Key, given by the caller.
    #[sea_orm(primary_key, auto_increment = false, column_name = "PlaylistId")]
    pub playlist_id: i32,
    /// Name of the playlist; two playlists may share one.
    #[sea_orm(column_name = "Name", column_type = "String(StringLen::N(120))")]
    pub name: Option<String>,
}

/// The relations of `Playlist`.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its entries.
    #[sea_orm(has_many = "super::playlist_track::Entity")]
    PlaylistTracks,
}

impl Related<super::playlist_track::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::PlaylistTracks.def()
    }
}

impl Related<super::track::Entity> for Entity {
    fn to() -> RelationDef {
        super::playlist_track::Relation::Track.def()
    }

    fn via() -> Option<RelationDef> {
        Some(super::playlist_track::Relation::Playlist.def().rev())
    }
}

impl ActiveModelBehavior for ActiveModel {}
