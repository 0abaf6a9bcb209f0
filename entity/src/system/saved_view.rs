//! `qd_saved_view`: the lists that users have given names to.

use sea_orm::entity::prelude::*;

/// One list of one model, by its address.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qd_saved_view")]
pub struct Model {
    /// Surrogate key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who saved it; null for the operator at the command line.
    pub owner_id: Option<i64>,
    /// The public name of the model.
    #[sea_orm(column_type = "String(StringLen::N(64))")]
    pub model: String,
    /// What its owner calls it; no two views of a model have one owner and one name.
    #[sea_orm(column_type = "String(StringLen::N(100))")]
    pub name: String,
    /// The query string of the list: conditions, order, columns.
    #[sea_orm(column_type = "Text")]
    pub query: String,
    /// Whether it is meant for others too.
    pub shared: bool,
    /// When it was saved first.
    pub created_at: DateTimeUtc,
}

/// The owner is no link: whoever saves a view needs no right on users.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
