//! The eleven tables of Chinook, one entity a file. The database names are those of the SQLite and
//! MySQL files (`MediaType`, `UnitPrice`); the Rust names, and with them the JSON names, are in
//! snake case (`media_type`, `unit_price`).

pub mod album;
pub mod artist;
pub mod customer;
pub mod employee;
pub mod genre;
pub mod invoice;
pub mod invoice_line;
pub mod media_type;
pub mod playlist;
pub mod playlist_track;
pub mod track;
