//! The bodies of the fuzz targets. They are those of the properties in `tests/query`, included and not
//! copied: what a property says of a thousand random inputs, a target says of millions that look for
//! the next branch.

#[path = "../../tests/query/bodies.rs"]
pub mod bodies;
#[path = "../../tests/query/readers.rs"]
pub mod readers;
