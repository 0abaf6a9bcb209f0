//! The query string of a list: its parameters, the query they make, its SQL for every database.

#![no_main]

use quarterdeck_fuzz::{bodies, readers};

libfuzzer_sys::fuzz_target!(|input: &[u8]| bodies::list(&readers::form(input)));
