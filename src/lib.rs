//! Quarterdeck
pub use quarterdeck_entity as entity;
pub mod account;
pub mod acl;
pub mod api;
pub mod auth;
pub mod check;
pub mod config;
pub mod crud;
pub mod error;
pub mod hook;
pub mod http;
pub mod limit;
pub mod model;
pub mod query;
pub mod session;
pub mod store;
