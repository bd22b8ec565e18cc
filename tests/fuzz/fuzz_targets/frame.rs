//! See `cowrie_fuzz::frame`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cowrie_fuzz::frame::check(data));
