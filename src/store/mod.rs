//! The database: connections ([`Db`]), rows as JSON ([`row`]), typed writes ([`typed`]), its clock
//! ([`now`]), long answers row by row ([`stream`]), many
//! transactions as one ([`whole`]) and what its errors mean ([`failure`]). No permissions here, and nothing generic but [`typed::Typed`].

pub mod clock;
mod connection;
pub mod db;
pub mod failure;
mod patience;
pub mod pool;
pub mod row;
pub mod sequence;
mod snapshot;
mod statement;
pub mod stream;
pub mod tx;
pub mod typed;
pub mod whole;

pub use clock::now;
pub use db::{Db, DbSettings};
pub use tx::Tx;
pub use typed::{Store, Typed};
pub use whole::Whole;
