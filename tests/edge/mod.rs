//! The edge: what the server makes of bytes, headers, browsers and crowds before any model is asked.

mod addresses;
mod answers;
mod bodies;
mod browsers;
mod crowds;
mod faults;
mod full;
mod heads;
mod inventory;
mod kinds;
mod slow;
mod wire;
mod writers;
