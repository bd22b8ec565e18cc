//! See `cowrie_fuzz::inflate`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cowrie_fuzz::inflate::check(data));
