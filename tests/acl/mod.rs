//! Who may do what, over HTTP: generated from the registry, for every model.

mod matrix;
mod oracle;
mod probes;
mod rows;
mod stage;
