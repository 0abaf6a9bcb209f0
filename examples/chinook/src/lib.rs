//! Chinook, a music shop whose database was there first, on SQLite, PostgreSQL and MariaDB.
//! Here live its entities, what the pages and the API should know of them beyond that, a column
//! type for their money and the one migration that PostgreSQL needs; everything else is
//! Quarterdeck's.

pub mod entity;
pub mod money;
mod shop;
pub mod views;

pub use shop::register;
