//! Quarterdeck's own tables. What an operator may see of them is decided where they are
//! registered; two of them ([`state`] and [`login_throttle`]) must never be registered at all.

pub mod audit;
pub mod audit_seal;
pub mod grant;
pub mod idempotency;
pub mod login_throttle;
pub mod operation;
pub mod role;
pub mod saved_view;
pub mod session;
pub mod state;
pub mod token;
pub mod user;
pub mod user_role;
