//! The signatures of webhooks.

#![no_main]

use quarterdeck_fuzz::readers;

libfuzzer_sys::fuzz_target!(|input: &[u8]| readers::signature(input));
