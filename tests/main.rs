//! The one integration binary. `house` is the harness; the other modules mirror the addresses and the
//! rooms they test.

#![expect(
    clippy::expect_used,
    reason = "a test ends where an expectation is not met"
)]
#![expect(
    unreachable_pub,
    reason = "one binary: `pub` and `pub(crate)` are the same here"
)]

mod acl;
mod api;
mod auth;
mod edge;
mod house;
mod plugins;
mod process;
mod query;
