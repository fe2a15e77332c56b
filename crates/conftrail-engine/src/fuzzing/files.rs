//! Files of rules and of routing: each is loaded or refused with a reason, and with places inside of the file.

use super::{EVENTS, NOW};
use crate::intervals::TimeIntervals;
use crate::rules::RuleSource;
use crate::{Routing, RuleSet};

/// The text that an input begins with.
fn text(input: &[u8]) -> &str {
    input.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}

/// Loads a file of rules and judges a few events by it.
///
/// # Panics
/// When a refusal gives no reason or a place outside of the file, or when an event is judged otherwise the second time.
pub fn rules(input: &[u8]) {
    let text = text(input);
    match RuleSet::load(&[RuleSource { file: "fuzz.yaml", text }], &TimeIntervals::default()) {
        Ok(rules) => {
            for event in EVENTS.iter() {
                assert_eq!(rules.detect(event, NOW), rules.detect(event, NOW), "an event is judged alike");
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
}

/// Loads a routing file.
///
/// # Panics
/// When a refusal gives no reason, or when the file is read otherwise the second time.
pub fn routing(input: &[u8]) {
    let text = text(input);
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
}
