//! A table that has no rows.

use sea_orm::entity::prelude::*;

/// One row of `nothing`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "nothing")]
pub(crate) struct Model {
    /// Key, given by the database.
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    /// A name of any script.
    #[sea_orm(column_type = "String(StringLen::N(1000))")]
    pub(crate) name: String,
    /// Whatever else there is to say.
    #[sea_orm(column_type = "Text", nullable)]
    pub(crate) remark: Option<String>,
}

/// It has no relations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
