//! Runs `conftrail_engine::fuzzing::when`, which says what it checks.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| conftrail_engine::fuzzing::when(input));
