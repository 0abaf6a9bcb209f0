//! The one integration binary; its modules mirror the addresses.

mod api;
mod auth;
mod edge;
mod house;
mod process;
