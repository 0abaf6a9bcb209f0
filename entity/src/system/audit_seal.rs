//! `qd_audit_seal`: the hash chain over `qd_audit`. Rows are only ever added, by the sealer.

use sea_orm::entity::prelude::*;

/// One batch of audit rows, sealed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qd_audit_seal")]
pub struct Model {
    /// The number of the seal before it, plus one: of two sealers at once one fails.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// When it was made.
    pub at: DateTimeUtc,
    /// How many audit rows it seals.
    pub rows: i64,
    /// The highest number of an audit row that is sealed by now.
    pub highest: i64,
    /// The numbers of the rows: `5-50,53`.
    #[sea_orm(column_type = "Text")]
    pub ranges: String,
    /// The numbers between them that had no row when this seal was made; null when there were none.
    #[sea_orm(column_type = "Text", nullable)]
    pub gaps: Option<String>,
    /// Secret, or a guess at a row that one may not see could be tried on it: the first 16 bytes
    /// of each row's SHA-256.
    #[sea_orm(column_type = "Blob")]
    pub digests: Vec<u8>,
    /// The end of the chain, hexadecimal.
    #[sea_orm(column_type = "String(StringLen::N(64))")]
    pub head: String,
    /// HMAC-SHA256 over all of it, hexadecimal.
    #[sea_orm(column_type = "String(StringLen::N(64))")]
    pub signature: String,
}

/// A seal is linked to nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
