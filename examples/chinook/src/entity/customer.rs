//! Customers of the shop.

use sea_orm::entity::prelude::*;

/// One row of `Customer`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "Customer")]
pub struct Model {
    /// Key, given by the caller.
    #[sea_orm(primary_key, auto_increment = false, column_name = "CustomerId")]
    pub customer_id: i32,
    /// Given name.
    #[sea_orm(column_name = "FirstName", column_type = "String(StringLen::N(40))")]
    pub first_name: String,
    /// Family name.
    #[sea_orm(column_name = "LastName", column_type = "String(StringLen::N(20))")]
    pub last_name: String,
    /// The firm, for a business customer.
    #[sea_orm(column_name = "Company", column_type = "String(StringLen::N(80))")]
    pub company: Option<String>,
    /// Street and number.
    #[sea_orm(column_name = "Address", column_type = "String(StringLen::N(70))")]
    pub address: Option<String>,
    /// City.
    #[sea_orm(column_name = "City", column_type = "String(StringLen::N(40))")]
    pub city: Option<String>,
    /// State or province, where the country has them.
    #[sea_orm(column_name = "State", column_type = "String(StringLen::N(40))")]
    pub state: Option<String>,
    /// Country, by its English name.
    #[sea_orm(column_name = "Country", column_type = "String(StringLen::N(40))")]
    pub country: Option<String>,
    /// Postal code.
    #[sea_orm(column_name = "PostalCode", column_type = "String(StringLen::N(10))")]
    pub postal_code: Option<String>,
    /// Telephone number as it is dialled from abroad.
    #[sea_orm(column_name = "Phone", column_type = "String(StringLen::N(24))")]
    pub phone: Option<String>,
    /// Fax number.
    #[sea_orm(column_name = "Fax", column_type = "String(StringLen::N(24))")]
    pub fax: Option<String>,
    /// Mail address.
    #[sea_orm(column_name = "Email", column_type = "String(StringLen::N(60))")]
    pub email: String,
    /// The employee who looks after this customer.
    #[sea_orm(column_name = "SupportRepId")]
    pub support_rep_id: Option<i32>,
}

/// The relations of `Customer`.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The employee who looks after this customer.
    #[sea_orm(
        belongs_to = "super::employee::Entity",
        from = "Column::SupportRepId",
        to = "super::employee::Column::EmployeeId"
    )]
    SupportRep,
    /// What this customer bought.
    #[sea_orm(has_many = "super::invoice::Entity")]
    Invoices,
}

impl Related<super::employee::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::SupportRep.def()
    }
}

impl Related<super::invoice::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Invoices.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
