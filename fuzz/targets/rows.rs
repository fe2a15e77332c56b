//! Runs `conftrail_binlog::fuzzing::rows`, which says what it checks.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| conftrail_binlog::fuzzing::rows(input));
