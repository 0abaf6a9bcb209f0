//! `qd_state`: single values that every node shares. Never registered as a model: it holds
//! signing keys.

use sea_orm::entity::prelude::*;

/// One named value.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qd_state")]
pub struct Model {
    /// `policy_version`, `signing_key` …
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(64))"
    )]
    pub name: String,
    /// Secret for most names.
    #[sea_orm(column_type = "Text")]
    pub value: String,
}

/// A value is linked to nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
