//! Playlist entries: the junction of playlists and tracks, with a composite key.

use sea_orm::entity::prelude::*;

/// One row of `PlaylistTrack`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "PlaylistTrack")]
pub struct Model {
    /// The playlist, first part of the key.
    #[sea_orm(primary_key, auto_increment = false, column_name = "PlaylistId")]
    pub playlist_id: i32,
    /// The track, second part of the key.
    #[sea_orm(primary_key, auto_increment = false, column_name = "TrackId")]
    pub track_id: i32,
}

/// The relations of `PlaylistTrack`.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The playlist.
    #[sea_orm(
        belongs_to = "super::playlist::Entity",
        from = "Column::PlaylistId",
        to = "super::playlist::Column::PlaylistId"
    )]
    Playlist,
    /// The track.
    #[sea_orm(
        belongs_to = "super::track::Entity",
        from = "Column::TrackId",
        to = "super::track::Column::TrackId"
    )]
    Track,
}

impl Related<super::playlist::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Playlist.def()
    }
}

impl Related<super::track::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Track.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
