//! Register SeaORM entities and get a complete back office: a REST API with permissions for each
//! verb, row and field, an OpenAPI document, sessions, admin pages.
//!
//! This page is the plan of the house, floor by floor; `ARCHITECTURE.md` walks through it. A module
//! uses only rooms on floors below its own.
//!
//! Your own model in 20 lines:
//!
//! ```no_run
//! mod note {
//!     use sea_orm::entity::prelude::*;
//!
//!     #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
//!     #[sea_orm(table_name = "note")]
//!     pub struct Model {
//!         #[sea_orm(primary_key)]
//!         pub id: i64,
//!         pub title: String,
//!         pub done: bool,
//!     }
//!
//!     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
//!     pub enum Relation {}
//!
//!     impl ActiveModelBehavior for ActiveModel {}
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     use quarterdeck::cli::{Project, run};
//!     run(Project::new("notes", |app| {
//!         app.model::<note::Entity>(|m| m.label("Note").search([note::Column::Title]))
//!     }))
//! }
//! ```

pub use quarterdeck_entity as entity;
pub use quarterdeck_migration as migration;

// Ground: what everything stands on.
pub mod check;
pub mod config;
pub mod error;
pub mod limit;
pub mod metrics;
pub mod telemetry;

// Words: what a model is.
pub mod model;

// Rules: pure decisions.
pub mod acl;
pub mod catalog;
pub mod query;

// Engine: the operations.
pub mod crud;
pub mod hook;
pub mod store;

// Identity: credentials become a principal; what was done is sealed.
pub mod audit;
pub mod auth;
pub mod session;

// Hall and doors: HTTP and HTML on one side, operations on the other.
pub mod account;
pub mod admin;
pub mod api;
pub mod http;
pub mod openapi;
pub mod page;

// Roof: composes everything.
pub mod app;
pub mod cli;
#[cfg(feature = "demo")]
pub mod demo;
pub mod plugin;
pub mod plugins;
