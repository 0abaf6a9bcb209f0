//! `qd_session`: the open browser sessions. The cookie's value itself is never stored.

use sea_orm::entity::prelude::*;

/// One login of one user.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qd_session")]
pub struct Model {
    /// Names the session in lists, so that it can be ended without knowing its cookie.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Secret: SHA-256 of the cookie's value, hexadecimal.
    #[sea_orm(column_type = "String(StringLen::N(64))", unique)]
    pub token_hash: String,
    /// Who is logged in.
    pub user_id: i64,
    /// The login; the absolute limit counts from here.
    pub created_at: DateTimeUtc,
    /// Past this instant the session is gone.
    pub expires_at: DateTimeUtc,
    /// The last request seen, written at most once a minute.
    pub seen_at: DateTimeUtc,
    /// The client's address at login.
    #[sea_orm(column_type = "String(StringLen::N(45))", nullable)]
    pub ip: Option<String>,
    /// The client's own name at login, cut to fit.
    #[sea_orm(column_type = "String(StringLen::N(255))", nullable)]
    pub user_agent: Option<String>,
}

/// What a session is linked to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Who is logged in.
    #[sea_orm(
        belongs_to = "super::user::Entity",
        from = "Column::UserId",
        to = "super::user::Column::Id",
        on_delete = "Cascade"
    )]
    User,
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
