//! Events as other instances, versions and stores hand them to us: read or refused, written as they were read, and judged by the
//! built-in rules.

use std::sync::LazyLock;

use conftrail_core::{Event, canonical};

use crate::RuleSet;

static RULES: LazyLock<RuleSet> = LazyLock::new(RuleSet::built_in);

/// Reads an event, writes it and judges it.
///
/// # Panics
/// When what was written reads back as another event.
pub fn events(input: &[u8]) {
    let Ok(event) = serde_json::from_slice::<Event>(input) else { return };
    let written = serde_json::to_vec(&event).expect("an event is JSON");
    let again: Event = serde_json::from_slice(&written).expect("what was written is an event");
    assert_eq!(canonical::event_bytes(&again), canonical::event_bytes(&event), "canonical bytes are stable");
    let _detections = RULES.detect(&event, super::NOW);
}
