//! Runs `conftrail_engine::fuzzing::events`, which says what it checks.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| conftrail_engine::fuzzing::events(input));
