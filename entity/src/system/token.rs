//! `qd_token`: the API tokens. A token is shown once; only its hash is stored.

use sea_orm::entity::prelude::*;

/// One API token of one user.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qd_token")]
pub struct Model {
    /// What `token revoke` takes.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The owner; the token never exceeds the owner's rights.
    pub user_id: i64,
    /// What the token is for, in the owner's words.
    #[sea_orm(column_type = "String(StringLen::N(100))")]
    pub name: String,
    /// The first characters, by which a person recognises the token.
    #[sea_orm(column_type = "String(StringLen::N(16))")]
    pub prefix: String,
    /// Secret: SHA-256 of the token, hexadecimal.
    #[sea_orm(column_type = "String(StringLen::N(64))", unique)]
    pub token_hash: String,
    /// The literal `"all"`, or an array of `{"model", "verbs"}`.
    #[sea_orm(column_type = "JsonBinary")]
    pub scopes: Json,
    /// When the token was made.
    pub created_at: DateTimeUtc,
    /// Null for a token without end.
    pub expires_at: Option<DateTimeUtc>,
    /// Null before the first use.
    pub last_used_at: Option<DateTimeUtc>,
    /// A revoked token stays as a row, so that the audit trail can still name it.
    pub revoked_at: Option<DateTimeUtc>,
}

/// What a token is linked to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The owner.
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
