//! Connections: how long a statement may run, and what becomes of a connection whose user or whose
//! server went away. What they carry is tested with the operations.

mod connections;
mod streams;
mod transactions;
