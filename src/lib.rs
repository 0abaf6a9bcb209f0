//! q
pub mod config;
