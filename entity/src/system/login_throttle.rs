//! `qd_login_throttle`: failed logins by address and by name, shared by every node. Never
//! registered as a model.

use sea_orm::entity::prelude::*;

/// The failures of one address or one name within one window.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qd_login_throttle")]
pub struct Model {
    /// Which address or name; the caller hashes what would not fit.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(64))"
    )]
    pub key: String,
    /// Failures since the window began.
    pub failures: i32,
    /// When the window began.
    pub window_started_at: DateTimeUtc,
    /// Until then every try is refused.
    pub blocked_until: Option<DateTimeUtc>,
}

/// A throttle is linked to nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
