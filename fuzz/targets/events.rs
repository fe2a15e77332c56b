//! Events as other instances, versions and stores hand them to us: read or refused, written as they were read, judged by the
//! built-in rules and worded for a message without a panic.
#![no_main]

use std::sync::LazyLock;

use conftrail_core::{Event, Timestamp, canonical};
use conftrail_engine::RuleSet;
use libfuzzer_sys::fuzz_target;

static RULES: LazyLock<RuleSet> = LazyLock::new(RuleSet::built_in);

fuzz_target!(|data: &[u8]| {
    let Ok(event) = serde_json::from_slice::<Event>(data) else { return };
    let written = serde_json::to_vec(&event).expect("an event is JSON");
    let again: Event = serde_json::from_slice(&written).expect("what was written is an event");
    assert_eq!(canonical::event_bytes(&again), canonical::event_bytes(&event), "canonical bytes are stable");
    let _detections = RULES.detect(&event, Timestamp::from_micros(1_795_174_315_727_249));
});
