//! Chinook, a music shop whose database was there first, on SQLite, PostgreSQL and MariaDB.
//! Here live its entities, a column type for
//! their money and the one migration that PostgreSQL needs; everything else is
//! Quarterdeck's.

pub mod entity;
pub mod money;
pub mod views;
