//! Quarterdeck
pub use quarterdeck_entity as entity;
pub mod acl;
pub mod check;
pub mod config;
pub mod error;
pub mod model;
pub mod query;
pub mod store;
