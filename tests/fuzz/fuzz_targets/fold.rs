//! See `cowrie_fuzz::fold`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cowrie_fuzz::fold::check(data));
