//! The body of `_search`, as a query and as a row rule.

#![no_main]

use quarterdeck_fuzz::bodies;

libfuzzer_sys::fuzz_target!(|input: &[u8]| bodies::search(input));
