//! Tracks: what the shop sells, a song or an episode.

use sea_orm::entity::prelude::*;

use crate::money::Money;

/// One row of `Track`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "Track")]
pub struct Model {
    /// Key, given by the caller.
    #[sea_orm(primary_key, auto_increment = false, column_name = "TrackId")]
    pub track_id: i32,
    /// Title of the track.
    #[sea_orm(column_name = "Name", column_type = "String(StringLen::N(200))")]
    pub name: String,
    /// The album it is on.
    #[sea_orm(column_name = "AlbumId")]
    pub album_id: Option<i32>,
    /// The file format.
    #[sea_orm(column_name = "MediaTypeId")]
    pub media_type_id: i32,
    /// The genre.
    #[sea_orm(column_name = "GenreId")]
    pub genre_id: Option<i32>,
    /// Who wrote it, several names in one text.
    #[sea_orm(column_name = "Composer", column_type = "String(StringLen::N(220))")]
    pub composer: Option<String>,
    /// Length in milliseconds.
    #[sea_orm(column_name = "Milliseconds")]
    pub milliseconds: i32,
    /// Size of the file.
    #[sea_orm(column_name = "Bytes")]
    pub bytes: Option<i32>,
    /// Price of one copy.
    #[sea_orm(column_name = "UnitPrice", column_type = "Decimal(Some((10, 2)))")]
    pub unit_price: Money,
}

/// The relations of `Track`.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The album it is on.
    #[sea_orm(
        belongs_to = "super::album::Entity",
        from = "Column::AlbumId",
        to = "super::album::Column::AlbumId"
    )]
    Album,
    /// The file format.
    #[sea_orm(
        belongs_to = "super::media_type::Entity",
        from = "Column::MediaTypeId",
        to = "super::media_type::Column::MediaTypeId"
    )]
    MediaType,
    /// The genre.
    #[sea_orm(
        belongs_to = "super::genre::Entity",
        from = "Column::GenreId",
        to = "super::genre::Column::GenreId"
    )]
    Genre,
    /// The sales of this track.
    #[sea_orm(has_many = "super::invoice_line::Entity")]
    InvoiceLines,
    /// Its places in playlists.
    #[sea_orm(has_many = "super::playlist_track::Entity")]
    PlaylistTracks,
}

impl Related<super::album::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Album.def()
    }
}

impl Related<super::media_type::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::MediaType.def()
    }
}

impl Related<super::genre::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Genre.def()
    }
}

impl Related<super::invoice_line::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::InvoiceLines.def()
    }
}

impl Related<super::playlist_track::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::PlaylistTracks.def()
    }
}

impl Related<super::playlist::Entity> for Entity {
    fn to() -> RelationDef {
        super::playlist_track::Relation::Playlist.def()
    }

    fn via() -> Option<RelationDef> {
        Some(super::playlist_track::Relation::Track.def().rev())
    }
}

impl ActiveModelBehavior for ActiveModel {}
