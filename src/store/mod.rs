//! The database: connections ([`Db`]), rows as JSON ([`row`]), writes ([`writes`]), its clock
//! ([`now`]), long answers row by row ([`stream`]), many transactions as one ([`whole`]) and what its
//! errors mean ([`failure`]). No permissions here, and nothing generic but `typed`.

pub mod clock;
mod connection;
pub mod db;
pub mod failure;
mod file;
mod patience;
pub mod pool;
pub mod row;
pub mod sequence;
mod snapshot;
mod statement;
pub mod stream;
pub mod tx;
mod typed;
mod wal;
pub mod whole;
pub mod writes;

pub use clock::now;
pub use db::{Db, DbSettings};
pub use tx::Tx;
pub use whole::Whole;
pub use writes::Store;
