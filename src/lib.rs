//! q
pub mod auth;
pub mod config;
pub mod limit;
