//! Strict JSON, as a value of every kind of field and as the body of every write.

#![no_main]

use quarterdeck_fuzz::readers;

libfuzzer_sys::fuzz_target!(|input: &[u8]| readers::json(input));
