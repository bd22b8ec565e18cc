//! See `cowrie_fuzz::grow`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cowrie_fuzz::grow::check(data));
