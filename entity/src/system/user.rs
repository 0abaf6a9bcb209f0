//! `qd_user`: who may log in. Passwords are checked elsewhere; only their hash is kept.

use sea_orm::entity::prelude::*;

/// A person or a program that has an account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qd_user")]
pub struct Model {
    /// Never used again after a deletion, so that old audit rows stay true.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The name typed at login.
    #[sea_orm(column_type = "String(StringLen::N(150))", unique)]
    pub username: String,
    /// Unique where it is given.
    #[sea_orm(column_type = "String(StringLen::N(254))", nullable, unique)]
    pub email: Option<String>,
    /// What the pages show instead of the user name.
    #[sea_orm(column_type = "String(StringLen::N(150))", nullable)]
    pub full_name: Option<String>,
    /// Secret: the argon2 string. Null for an account that cannot log in with a password.
    #[sea_orm(column_type = "Text", nullable)]
    pub password_hash: Option<String>,
    /// Bypasses every grant.
    #[sea_orm(default_value = false)]
    pub is_superuser: bool,
    /// A suspended account keeps its rows but is refused everywhere.
    #[sea_orm(default_value = true)]
    pub is_active: bool,
    /// When the account was made.
    pub created_at: DateTimeUtc,
    /// When anything of the account was last changed.
    pub updated_at: DateTimeUtc,
    /// Null before the first login.
    pub last_login_at: Option<DateTimeUtc>,
}

/// What a user is linked to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The junction rows to the roles.
    #[sea_orm(has_many = "super::user_role::Entity")]
    UserRole,
    /// The open sessions.
    #[sea_orm(has_many = "super::session::Entity")]
    Session,
    /// The API tokens.
    #[sea_orm(has_many = "super::token::Entity")]
    Token,
}

impl Related<super::user_role::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::UserRole.def()
    }
}

impl Related<super::session::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Session.def()
    }
}

impl Related<super::token::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Token.def()
    }
}

impl Related<super::role::Entity> for Entity {
    fn to() -> RelationDef {
        super::user_role::Relation::Role.def()
    }

    fn via() -> Option<RelationDef> {
        Some(super::user_role::Relation::User.def().rev())
    }
}

impl ActiveModelBehavior for ActiveModel {}
