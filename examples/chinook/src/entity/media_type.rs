//! Media types: the file formats that are sold.

use sea_orm::entity::prelude::*;

/// One row of `MediaType`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "MediaType")]
pub struct Model {
    /// Key, given by the caller.
    #[sea_orm(primary_key, auto_increment = false, column_name = "MediaTypeId")]
    pub media_type_id: i32,
    /// Name of the format.
    #[sea_orm(column_name = "Name", column_type = "String(StringLen::N(120))")]
    pub name: Option<String>,
}

/// The relations of `MediaType`.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The tracks sold in this format.
    #[sea_orm(has_many = "super::track::Entity")]
    Tracks,
}

impl Related<super::track::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Tracks.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
