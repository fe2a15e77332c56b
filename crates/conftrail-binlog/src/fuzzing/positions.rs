//! Checkpoints, and what a person types for a start or a server: read or refused, and written as they were read.

use conftrail_core::{Checkpoint, EventId, Period, Timestamp};

use crate::source::{Start, Url, fuzzing};

/// Reads an input as each of them.
///
/// # Panics
/// When what was written reads back as something else.
pub fn positions(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(checkpoint) = serde_json::from_str::<Checkpoint>(text) {
        fuzzing::position(&checkpoint.position);
        let written = serde_json::to_string(&checkpoint).expect("a checkpoint is JSON");
        let again: Checkpoint = serde_json::from_str(&written).expect("what was written reads back");
        assert_eq!(again, checkpoint);
    }
    if let Ok(time) = Timestamp::parse(text) {
        assert_eq!(Timestamp::parse(&time.to_string()).ok(), Some(time), "{text:?} is {time}");
    }
    let _any_outcome =
        (text.parse::<Start>(), text.parse::<Url>(), Period::parse(text), EventId::parse(text));
}
