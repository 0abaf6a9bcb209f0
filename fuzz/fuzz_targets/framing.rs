//! The framing of HTTP/1, in pieces and whole.

#![no_main]

use quarterdeck_fuzz::readers;

libfuzzer_sys::fuzz_target!(|input: &[u8]| readers::framing(input));
