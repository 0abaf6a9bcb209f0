//! Turns credentials into certainty: passwords, tokens, the throttle of logins, and the grants that
//! say what a user may do. Knows no HTTP; cookies live in [`crate::session`].

pub mod accounts;
pub mod link;
pub mod login;
pub mod password;
pub mod policy;
pub mod secret;
pub mod setup;
pub mod state;
pub mod throttle_policy;
pub mod tokens;
pub mod wanted;
