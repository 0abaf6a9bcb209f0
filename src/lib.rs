//! Quarterdeck
pub use quarterdeck_entity as entity;
pub use quarterdeck_migration as migration;
pub mod account;
pub mod acl;
pub mod admin;
pub mod api;
pub mod app;
pub mod auth;
pub mod catalog;
pub mod check;
pub mod cli;
pub mod config;
pub mod crud;
#[cfg(feature = "demo")]
pub mod demo;
pub mod error;
pub mod hook;
pub mod http;
pub mod limit;
pub mod metrics;
pub mod model;
pub mod openapi;
pub mod plugin;
pub mod plugins;
pub mod query;
pub mod session;
pub mod store;
pub mod telemetry;
