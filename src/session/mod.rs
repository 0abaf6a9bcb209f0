//! Sessions and what a request is let in with. [`store`] keeps sessions in the database, [`identity`]
//! turns a cookie or a token into a [`crate::acl::Principal`], cached per node, [`own`] is what users do
//! with their own sessions, tokens and password, [`others`] what a superuser does with
//! those of others, [`view`] is a superuser's look through other eyes.
//!
//! Not tower-sessions: its ids have 128 bits and are stored as they are, and reading never extends
//! their life. Ours have 256 bits of which only the SHA-256 is stored, and slide.

pub mod identity;
pub mod others;
pub mod own;
pub mod store;
pub mod view;

pub use identity::{Credentials, Identity};
