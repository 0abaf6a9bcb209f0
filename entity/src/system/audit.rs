//! `qd_audit`: who changed what. Rows are only ever added, in the transaction of the change.

use sea_orm::entity::prelude::*;

/// One change of one record.
///
/// It links to nothing by a foreign key: it must outlive the user, the token and the record it
/// speaks of.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qd_audit")]
pub struct Model {
    /// The order of the changes.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// When it happened.
    pub at: DateTimeUtc,
    /// Null when nobody was logged in (a setup, a job, the shell).
    pub user_id: Option<i64>,
    /// The name at that time.
    #[sea_orm(column_type = "String(StringLen::N(150))", nullable)]
    pub username: Option<String>,
    /// The token used, if one was.
    pub token_id: Option<i64>,
    /// The way in: `rest`, `admin`, `cli` …
    #[sea_orm(column_type = "String(StringLen::N(16))")]
    pub door: String,
    /// The client's address, where there is one.
    #[sea_orm(column_type = "String(StringLen::N(45))", nullable)]
    pub ip: Option<String>,
    /// Joins the row to the access log.
    #[sea_orm(column_type = "String(StringLen::N(64))")]
    pub request_id: String,
    /// `create`, `replace`, `patch`, `delete`, or what the door did beside them.
    #[sea_orm(column_type = "String(StringLen::N(16))")]
    pub verb: String,
    /// The public name of the model.
    #[sea_orm(column_type = "String(StringLen::N(64))")]
    pub model: String,
    /// The record's key as it is written in an address.
    #[sea_orm(column_type = "String(StringLen::N(255))")]
    pub record_id: String,
    /// Field by field `{"old", "new"}`; never a secret.
    #[sea_orm(column_type = "JsonBinary")]
    pub changes: Json,
    /// The first row of the change set that this one is a further row of; null in that first row, so
    /// that a change of one record costs no more than its row.
    pub change_set: Option<i64>,
    /// The change set that this one takes back.
    pub undoes: Option<i64>,
    /// Why, in the words of who asked for it.
    #[sea_orm(column_type = "String(StringLen::N(500))", nullable)]
    pub reason: Option<String>,
}

/// An audit row is linked to nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
