//! See `cowrie_fuzz::parse`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cowrie_fuzz::parse::check(data));
