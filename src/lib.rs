//! q
pub mod config;
pub mod limit;
