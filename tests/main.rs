//! The one integration binary. `house` is the harness; the other modules mirror the rooms they test.

mod house;
mod query;
