//! A library of authors and books: small enough to read in a minute, and the application that the
//! load tests measure with 1,000,000 books. Here live its entities and their migration.

pub mod author;
pub mod book;
pub mod tables;
