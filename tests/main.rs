//! The one integration binary. `house` is the harness; the other modules mirror the addresses and the
//! rooms they test.

mod acl;
mod api;
mod house;
mod query;
