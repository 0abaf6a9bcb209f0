//! Cursors: forged ones, and ours with any values.

#![no_main]

use quarterdeck_fuzz::readers;

libfuzzer_sys::fuzz_target!(|input: &[u8]| readers::cursor(input));
