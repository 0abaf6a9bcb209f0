//! The fields of a form.

#![no_main]

use quarterdeck_fuzz::readers;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    readers::form(input);
});
