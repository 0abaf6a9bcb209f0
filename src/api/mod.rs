//! The REST door: `/api/v1/{model}` and what belongs to it. Each handler translates, makes one call
//! to the operations, and translates back.

pub mod aggregate;
pub mod chain;
pub mod changes;
pub mod document;
pub mod export;
pub mod import;
pub mod internal;
pub mod operations;
pub mod records;
pub mod status;
