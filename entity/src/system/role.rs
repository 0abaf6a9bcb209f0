//! `qd_role`: a named set of grants that users share.

use sea_orm::entity::prelude::*;

/// A role. A user's roles unite: what one of them allows is allowed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qd_role")]
pub struct Model {
    /// Surrogate key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What `--role` and the permission matrix show.
    #[sea_orm(column_type = "String(StringLen::N(100))", unique)]
    pub name: String,
    /// What the role is for, in the operator's words.
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
}

/// What a role is linked to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The rules of the role.
    #[sea_orm(has_many = "super::grant::Entity")]
    Grant,
    /// The junction rows to the users.
    #[sea_orm(has_many = "super::user_role::Entity")]
    UserRole,
}

impl Related<super::grant::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Grant.def()
    }
}

impl Related<super::user_role::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::UserRole.def()
    }
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        super::user_role::Relation::User.def()
    }

    fn via() -> Option<RelationDef> {
        Some(super::user_role::Relation::Role.def().rev())
    }
}

impl ActiveModelBehavior for ActiveModel {}
