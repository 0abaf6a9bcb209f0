//! `webhook_event`: what was received, each event once.

use sea_orm::entity::prelude::*;

/// One event of one source.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_event")]
pub struct Model {
    /// The order of arrival.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The source, as in the address.
    #[sea_orm(column_type = "String(StringLen::N(64))")]
    pub source: String,
    /// How it signs: `standard` or `github`.
    #[sea_orm(column_type = "String(StringLen::N(16))")]
    pub scheme: String,
    /// The sender's own id of the event; no two of a source and scheme are equal.
    #[sea_orm(column_type = "String(StringLen::N(255))")]
    pub event_id: String,
    /// What kind of event it is, where the sender says.
    #[sea_orm(column_type = "String(StringLen::N(255))", nullable)]
    pub event_type: Option<String>,
    /// When it arrived.
    pub received_at: DateTimeUtc,
    /// The headers that describe it; never a signature, a cookie or a credential.
    #[sea_orm(column_type = "JsonBinary")]
    pub headers: Json,
    /// The body.
    #[sea_orm(column_type = "JsonBinary")]
    pub payload: Json,
}

/// An event is linked to nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
