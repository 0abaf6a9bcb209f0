//! Invoices: one purchase of one customer.

use sea_orm::entity::prelude::*;

use crate::money::Money;

/// One row of `Invoice`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "Invoice")]
pub struct Model {
    /// Key, given by the caller.
    #[sea_orm(primary_key, auto_increment = false, column_name = "InvoiceId")]
    pub invoice_id: i32,
    /// Who bought.
    #[sea_orm(column_name = "CustomerId")]
    pub customer_id: i32,
    /// Day of the purchase, without a time zone.
    #[sea_orm(column_name = "InvoiceDate")]
    pub invoice_date: DateTime,
    /// Street and number at the time of the purchase.
    #[sea_orm(
        column_name = "BillingAddress",
        column_type = "String(StringLen::N(70))"
    )]
    pub billing_address: Option<String>,
    /// City at the time of the purchase.
    #[sea_orm(column_name = "BillingCity", column_type = "String(StringLen::N(40))")]
    pub billing_city: Option<String>,
    /// State or province at the time of the purchase.
    #[sea_orm(column_name = "BillingState", column_type = "String(StringLen::N(40))")]
    pub billing_state: Option<String>,
    /// Country at the time of the purchase.
    #[sea_orm(
        column_name = "BillingCountry",
        column_type = "String(StringLen::N(40))"
    )]
    pub billing_country: Option<String>,
    /// Postal code at the time of the purchase.
    #[sea_orm(
        column_name = "BillingPostalCode",
        column_type = "String(StringLen::N(10))"
    )]
    pub billing_postal_code: Option<String>,
    /// Sum of the lines.
    #[sea_orm(column_name = "Total", column_type = "Decimal(Some((10, 2)))")]
    pub total: Money,
}

/// The relations of `Invoice`.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Who bought.
    #[sea_orm(
        belongs_to = "super::customer::Entity",
        from = "Column::CustomerId",
        to = "super::customer::Column::CustomerId"
    )]
    Customer,
    /// What was bought.
    #[sea_orm(has_many = "super::invoice_line::Entity")]
    InvoiceLines,
}

impl Related<super::customer::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Customer.def()
    }
}

impl Related<super::invoice_line::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::InvoiceLines.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
