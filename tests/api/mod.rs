//! `/api/v1/{model}`.

mod contract;
mod first;
pub(crate) mod sample;
