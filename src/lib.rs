//! Quarterdeck
pub use quarterdeck_entity as entity;
pub mod acl;
pub mod auth;
pub mod catalog;
pub mod check;
pub mod config;
pub mod crud;
pub mod error;
pub mod hook;
pub mod limit;
pub mod model;
pub mod openapi;
pub mod query;
pub mod store;
