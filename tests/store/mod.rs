//! Connections: how long a statement may run, and what becomes of a connection whose user or whose
//! server went away. Files that are not whole. What they carry is tested with the operations.

mod connections;
mod files;
mod streams;
mod transactions;
