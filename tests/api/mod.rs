//! `/api/v1/{model}`.

mod contract;
mod expand;
mod first;
mod preconditions;
mod reuse;
pub(crate) mod sample;
