//! The key of a record in an address.

#![no_main]

use quarterdeck_fuzz::readers;

libfuzzer_sys::fuzz_target!(|input: &[u8]| readers::key(input));
