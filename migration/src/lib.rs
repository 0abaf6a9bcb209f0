//! The migrations of Quarterdeck's own tables and of the demo shop, and the three commands that
//! run a list of them.
//!
//! A start-up joins lists: [`system`], then [`demo`] where it is asked for, then the project's
//! own. Which lists are joined is known only at run time, so [`run`] takes a list and not a type.
//! [`mod@column`] and [`table`] say what a column kind means on each database; a project's own
//! migrations may use them to get the same equality and the same order everywhere.

pub mod column;
mod m20261122_000001_system;
mod m20261122_000002_demo_catalogue;
mod m20261122_000003_demo_trade;
mod m20261122_000004_idempotency;
mod m20261122_000005_change_sets;
mod m20261122_000006_idempotency_rights;
mod m20261122_000007_demo_trash;
mod m20261122_000008_audit_seal;
mod m20261122_000009_operation;
mod m20261122_000010_saved_view;
pub mod run;
pub mod table;

pub use run::{State, Step, down, status, up};
pub use sea_orm_migration::MigrationTrait;

/// Quarterdeck's own tables, prefix `qd_`. Every installation runs these, and runs them first.
#[must_use]
pub fn system() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m20261122_000001_system::Migration),
        Box::new(m20261122_000004_idempotency::Migration),
        Box::new(m20261122_000005_change_sets::Migration),
        Box::new(m20261122_000006_idempotency_rights::Migration),
        Box::new(m20261122_000008_audit_seal::Migration),
        Box::new(m20261122_000009_operation::Migration),
        Box::new(m20261122_000010_saved_view::Migration),
    ]
}

/// The tables of the demo shop.
#[must_use]
pub fn demo() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m20261122_000002_demo_catalogue::Migration),
        Box::new(m20261122_000003_demo_trade::Migration),
        Box::new(m20261122_000007_demo_trash::Migration),
    ]
}
