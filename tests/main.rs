//! The one integration binary; its modules mirror the addresses.

mod api;
mod house;
mod plugins;
