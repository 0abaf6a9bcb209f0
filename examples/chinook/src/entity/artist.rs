//! Artists: a person, a band or an orchestra.

use sea_orm::entity::prelude::*;

/// One row of `Artist`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "Artist")]
pub struct Model {
    /// Key, given by the caller.
    #[sea_orm(primary_key, auto_increment = false, column_name = "ArtistId")]
    pub artist_id: i32,
    /// Name on the cover.
    #[sea_orm(column_name = "Name", column_type = "String(StringLen::N(120))")]
    pub name: Option<String>,
}

/// The relations of `Artist`.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The albums of this artist.
    #[sea_orm(has_many = "super::album::Entity")]
    Albums,
}

impl Related<super::album::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Albums.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
