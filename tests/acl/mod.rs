//! Who may do what, over HTTP: generated from the registry, for every model.

mod away;
mod matrix;
mod oracle;
mod overlap;
pub(crate) mod probes;
mod rows;
pub(crate) mod stage;
mod stale;
