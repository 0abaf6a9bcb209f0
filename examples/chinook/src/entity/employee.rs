//! Employees of the shop. Everybody but the general manager reports to somebody.

use sea_orm::entity::prelude::*;

/// One row of `Employee`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "Employee")]
pub struct Model {
    /// Key, given by the caller.
    #[sea_orm(primary_key, auto_increment = false, column_name = "EmployeeId")]
    pub employee_id: i32,
    /// Family name.
    #[sea_orm(column_name = "LastName", column_type = "String(StringLen::N(20))")]
    pub last_name: String,
    /// Given name.
    #[sea_orm(column_name = "FirstName", column_type = "String(StringLen::N(20))")]
    pub first_name: String,
    /// Post in the firm.
    #[sea_orm(column_name = "Title", column_type = "String(StringLen::N(30))")]
    pub title: Option<String>,
    /// The superior; nobody for the general manager.
    #[sea_orm(column_name = "ReportsTo")]
    pub reports_to: Option<i32>,
    /// Day of birth, at midnight, without a time zone.
    #[sea_orm(column_name = "BirthDate")]
    pub birth_date: Option<DateTime>,
    /// First day in the firm, at midnight, without a time zone.
    #[sea_orm(column_name = "HireDate")]
    pub hire_date: Option<DateTime>,
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
    pub email: Option<String>,
}

/// The relations of `Employee`.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The superior.
    #[sea_orm(
        belongs_to = "Entity",
        from = "Column::ReportsTo",
        to = "Column::EmployeeId"
    )]
    Manager,
    /// Who reports to this employee.
    #[sea_orm(has_many = "Entity", via_rel = "Relation::Manager")]
    Reports,
    /// The customers whom this employee looks after.
    #[sea_orm(has_many = "super::customer::Entity")]
    Customers,
}

/// From an employee to the superior. A relation of a table with itself needs the alias that a link
/// gives it; `Related` would join `Employee` with `Employee` under one name.
#[derive(Clone, Copy, Debug)]
pub struct ToManager;

impl Linked for ToManager {
    type FromEntity = Entity;
    type ToEntity = Entity;

    fn link(&self) -> Vec<RelationDef> {
        vec![Relation::Manager.def()]
    }
}

/// From an employee to those who report to this employee.
#[derive(Clone, Copy, Debug)]
pub struct ToReports;

impl Linked for ToReports {
    type FromEntity = Entity;
    type ToEntity = Entity;

    fn link(&self) -> Vec<RelationDef> {
        vec![Relation::Reports.def()]
    }
}

impl Related<super::customer::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Customers.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
