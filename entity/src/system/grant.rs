//! `qd_grant`: one rule of a role. The meaning of the JSON columns belongs to the permission
//! rules of the framework; this file only keeps them.

use sea_orm::entity::prelude::*;

/// What a role may do with one model.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qd_grant")]
pub struct Model {
    /// Surrogate key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The role that holds the rule.
    pub role_id: i64,
    /// The public name of the model.
    #[sea_orm(column_type = "String(StringLen::N(64))")]
    pub model: String,
    /// An array of `list`, `read`, `create`, `replace`, `patch`, `delete`.
    #[sea_orm(column_type = "JsonBinary")]
    pub verbs: Json,
    /// The literal `"all"`, or a filter tree that a row must match.
    #[sea_orm(column_type = "JsonBinary")]
    pub rows: Json,
    /// The literal `"all"`, or an array of field names.
    #[sea_orm(column_type = "JsonBinary")]
    pub readable: Json,
    /// The literal `"all"`, or an array of field names.
    #[sea_orm(column_type = "JsonBinary")]
    pub writable: Json,
}

/// What a grant is linked to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The role that holds the rule.
    #[sea_orm(
        belongs_to = "super::role::Entity",
        from = "Column::RoleId",
        to = "super::role::Column::Id",
        on_delete = "Cascade"
    )]
    Role,
}

impl Related<super::role::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Role.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
