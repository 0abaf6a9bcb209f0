//! Who may do what, over HTTP: generated from the registry, for every model.

mod matrix;
mod oracle;
mod overlap;
mod probes;
mod rows;
mod stale;
