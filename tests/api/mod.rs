//! `/api/v1/{model}`.

mod actions;
mod aggregate;
mod behaviour;
mod bulk;
mod contract;
mod dry_run;
mod expand;
mod export;
mod first;
mod games;
mod hundred;
mod idempotency;
mod import;
mod matching;
mod nested;
mod operations;
mod preconditions;
mod reuse;
pub(crate) mod sample;
mod trash;
mod undo;
