//! The query compiler and the permission algebra against the oracle, on all three databases.

mod aggregated;
mod arbitrary;
mod bodies;
mod compiled;
mod embedded;
mod entities;
mod filters;
mod grants;
mod hostile;
mod limits;
mod oracle;
mod paging;
mod readers;
mod world;
