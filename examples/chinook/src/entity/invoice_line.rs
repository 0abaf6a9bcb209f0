//! Invoice lines: one track on one invoice.

use sea_orm::entity::prelude::*;

use crate::money::Money;

/// One row of `InvoiceLine`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "InvoiceLine")]
pub struct Model {
    /// Key, given by the caller.
    #[sea_orm(primary_key, auto_increment = false, column_name = "InvoiceLineId")]
    pub invoice_line_id: i32,
    /// The invoice it stands on.
    #[sea_orm(column_name = "InvoiceId")]
    pub invoice_id: i32,
    /// The track that was sold.
    #[sea_orm(column_name = "TrackId")]
    pub track_id: i32,
    /// Price of one copy at the time of the sale.
    #[sea_orm(column_name = "UnitPrice", column_type = "Decimal(Some((10, 2)))")]
    pub unit_price: Money,
    /// Number of copies.
    #[sea_orm(column_name = "Quantity")]
    pub quantity: i32,
}

/// The relations of `InvoiceLine`.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The invoice it stands on.
    #[sea_orm(
        belongs_to = "super::invoice::Entity",
        from = "Column::InvoiceId",
        to = "super::invoice::Column::InvoiceId"
    )]
    Invoice,
    /// The track that was sold.
    #[sea_orm(
        belongs_to = "super::track::Entity",
        from = "Column::TrackId",
        to = "super::track::Column::TrackId"
    )]
    Track,
}

impl Related<super::invoice::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Invoice.def()
    }
}

impl Related<super::track::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Track.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
