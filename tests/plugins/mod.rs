//! Plugins: the contract with a tiny one, and the bundled ones.

mod contract;
mod webhooks;
