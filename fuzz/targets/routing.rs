//! Routing files: each is loaded or refused with a reason, and a password never stands in the reason.
#![no_main]

use conftrail_engine::Routing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Routing::load("fuzz.yaml", text) {
        Ok(routing) => {
            let again = Routing::load("fuzz.yaml", text).ok();
            assert_eq!(format!("{again:?}"), format!("{:?}", Some(routing)));
        }
        Err(error) => {
            assert!(!error.0.is_empty(), "a refusal says why");
            assert!(error.0.iter().all(|finding| !finding.message.is_empty()), "a finding says what");
        }
    }
});
