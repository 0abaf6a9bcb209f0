//! `qd_operation`: what takes its time, and what became of it.

use sea_orm::entity::prelude::*;

/// One import, bulk change, undo or export that somebody does not wait for, or that is large.
///
/// It links to nothing by a foreign key: it must outlive the user and the token it speaks of.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qd_operation")]
pub struct Model {
    /// The order in which they began.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// `import`, `bulk`, `undo` or `export`.
    #[sea_orm(column_type = "String(StringLen::N(16))")]
    pub kind: String,
    /// The public name of the model, where it is about one.
    #[sea_orm(column_type = "String(StringLen::N(64))", nullable)]
    pub model: Option<String>,
    /// Who began it; null for the operator and for Quarterdeck itself.
    pub user_id: Option<i64>,
    /// The name at that time.
    #[sea_orm(column_type = "String(StringLen::N(150))", nullable)]
    pub username: Option<String>,
    /// The token used, if one was.
    pub token_id: Option<i64>,
    /// Joins it to the access log and the audit.
    #[sea_orm(column_type = "String(StringLen::N(64))")]
    pub request_id: String,
    /// What its owner could read of the model then, in short; an export's file is given out for the same.
    #[sea_orm(column_type = "String(StringLen::N(64))", nullable)]
    pub rights: Option<String>,
    /// The process that works on it.
    #[sea_orm(column_type = "String(StringLen::N(36))")]
    pub node: String,
    /// `running`, then `done`, `failed` or `cancelled`.
    #[sea_orm(column_type = "String(StringLen::N(16))")]
    pub state: String,
    /// Whether all of it is done or nothing.
    pub atomic: bool,
    /// How many rows it has come to.
    pub done: i64,
    /// How many there are, where that is known.
    pub total: Option<i64>,
    /// Whether it is to stop.
    pub cancel: bool,
    /// When it began.
    pub started_at: DateTimeUtc,
    /// When its process last said that it is at it.
    pub seen_at: DateTimeUtc,
    /// When it ended.
    pub ended_at: Option<DateTimeUtc>,
    /// What was answered at its end: a report, or a problem.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub result: Option<Json>,
}

/// An operation is linked to nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
