//! A text of an address or a form as a value of every kind of field.

#![no_main]

use quarterdeck_fuzz::readers;

libfuzzer_sys::fuzz_target!(|input: &[u8]| readers::text(input));
