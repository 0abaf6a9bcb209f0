//! The audit's hash chain: what is done to the audit behind the application's back is found out.

mod chain;
mod late;
mod stage;
mod tampering;
