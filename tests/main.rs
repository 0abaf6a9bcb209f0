//! The one integration binary. `house` is the harness; the other modules mirror the addresses and the
//! rooms they test.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::too_many_lines,
    clippy::type_complexity,
    reason = "a test ends where an expectation is not met, and is as long as its story"
)]
#![expect(
    unreachable_pub,
    reason = "one binary: `pub` and `pub(crate)` are the same here"
)]

mod acl;
mod admin;
mod api;
mod audit;
mod auth;
mod edge;
mod house;
mod plugins;
mod process;
mod query;
mod store;
