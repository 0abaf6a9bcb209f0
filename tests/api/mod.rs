//! `/api/v1/{model}`.

mod aggregate;
mod contract;
mod expand;
mod export;
mod first;
mod idempotency;
mod preconditions;
mod reuse;
pub(crate) mod sample;
