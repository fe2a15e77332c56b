//! Rule files: each is loaded or refused with places inside of the file, and rules that were loaded judge events.
#![no_main]

use conftrail_core::Timestamp;
use conftrail_engine::RuleSet;
use conftrail_engine::rules::RuleSource;
use conftrail_fuzz::EVENTS;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match RuleSet::load(&[RuleSource { file: "fuzz.yaml", text }]) {
        Ok(rules) => {
            for event in EVENTS.iter() {
                let first = rules.detect(event, Timestamp::from_micros(1_795_174_315_727_249));
                let again = rules.detect(event, Timestamp::from_micros(1_795_174_315_727_249));
                assert_eq!(first, again, "an event is judged alike");
            }
        }
        Err(error) => {
            assert!(!error.0.is_empty(), "a refusal says why");
            // YAML ends lines with more than line feeds.
            let ends = |letter: char| matches!(letter, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
            let lines = text.chars().filter(|letter| ends(*letter)).count() + 1;
            for finding in error.0 {
                assert!(!finding.message.is_empty(), "a finding says what");
                assert!((1..=lines).contains(&finding.line), "{finding} is not in a file of {lines} lines");
            }
        }
    }
});
