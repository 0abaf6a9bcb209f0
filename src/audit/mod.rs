//! The audit's hash chain: who has changed, removed, swapped or added a row of `qd_audit` behind the
//! application's back is found out.
//!
//! The rows themselves are written by `crud::ledger`, each in the transaction of its change, and know
//! nothing of this. [`Sealer`] comes after them, every two seconds: it folds the new rows into the
//! chain, `h_n = SHA256(h_(n-1) ‖ canonical(row))`, and keeps each batch as a signed row of
//! `qd_audit_seal`. [`verify()`] walks the seals from the first to the last.
//!
//! `canonical` says which bytes a row is, `ids` which rows a seal has, `chain` what the next seal may
//! be and how it is signed, `rows` reads both tables, `status`
//! asks for the doors.

mod canonical;
mod chain;
mod ids;
mod rows;
mod seal;
mod status;
mod verify;

pub use chain::SealKey;
pub use seal::Sealer;
pub use status::status;
pub use verify::{Finding, Report, verify};
