//! Runs `conftrail_core::fuzzing::documents`, which says what it checks.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| conftrail_core::fuzzing::documents(input));
