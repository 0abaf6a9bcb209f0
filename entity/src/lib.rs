//! The entities of Quarterdeck, one table a file.
//!
//! `system` holds Quarterdeck's own tables (prefix `qd_`), `demo` the tables of the demo shop.
//! They live in a crate of their own because SeaORM's derive macros dominate compile time: a
//! change in the framework does not pay for them again. No rule, no SQL and no HTTP lives here,
//! and no entity derives serde: the framework reads and writes rows by their column metadata.

pub mod demo;
pub mod system;
