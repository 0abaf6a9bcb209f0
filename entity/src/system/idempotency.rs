//! `qd_idempotency`: the answers of writes that are to happen once. Never registered as a model.

use sea_orm::entity::prelude::*;

/// The first answer to a request that came with an `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qd_idempotency")]
pub struct Model {
    /// SHA-256 of who asked, with which token, and of the key that came.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(64))"
    )]
    pub key: String,
    /// SHA-256 of what was asked.
    #[sea_orm(column_type = "String(StringLen::N(64))")]
    pub request: String,
    /// SHA-256 of what the one who asked could read of the model.
    #[sea_orm(column_type = "String(StringLen::N(64))")]
    pub rights: String,
    /// The key of the record that was written, as it is in an address.
    #[sea_orm(column_type = "Text")]
    pub record_id: String,
    /// Its entity tag.
    #[sea_orm(column_type = "String(StringLen::N(64))")]
    pub etag: String,
    /// The record as it was answered.
    #[sea_orm(column_type = "Text")]
    pub body: String,
    /// When it was written.
    pub created_at: DateTimeUtc,
}

/// An answer is linked to nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
