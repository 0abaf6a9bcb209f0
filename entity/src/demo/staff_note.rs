//! `staff_note`: what the staff tell each other. Its key is a word that a person chooses.

use sea_orm::entity::prelude::*;

/// One note on the board.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_note")]
pub struct Model {
    /// Such as `SN-0001`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(16))"
    )]
    pub code: String,
    /// What it says.
    #[sea_orm(column_type = "Text")]
    pub body: String,
    /// Stays at the top.
    #[sea_orm(default_value = false)]
    pub pinned: bool,
    /// At which time of the day to speak of it again.
    pub remind_at: Option<Time>,
    /// When it was written.
    pub created_at: DateTimeUtc,
    /// Since when it is in the trash.
    pub deleted_at: Option<DateTimeUtc>,
}

/// A note is linked to nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
