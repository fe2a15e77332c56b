//! Checkpoints, positions and what a person types for a start or a server: read or refused, and written as they were read.
#![no_main]

use conftrail_binlog::gtid::{Gtid, GtidPosition, GtidSet, GtidState};
use conftrail_binlog::source::{Start, Url, fuzzing};
use conftrail_core::{Checkpoint, EventId, Period, Timestamp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(set) = GtidSet::decode(data) {
        check_set(&set);
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(checkpoint) = serde_json::from_str::<Checkpoint>(text) {
        fuzzing::position(&checkpoint.position);
        let written = serde_json::to_string(&checkpoint).expect("a checkpoint is JSON");
        let again: Checkpoint = serde_json::from_str(&written).expect("what was written reads back");
        assert_eq!(again, checkpoint);
    }
    if let Ok(set) = text.parse::<GtidSet>() {
        check_set(&set);
    }
    if let Ok(gtid) = text.parse::<Gtid>() {
        assert_eq!(gtid.to_string().parse(), Ok(gtid));
    }
    if let Ok(position) = text.parse::<GtidPosition>() {
        assert_eq!(position.to_string().parse(), Ok(position));
    }
    let _any_state = text.parse::<GtidState>();
    if let Ok(time) = Timestamp::parse(text) {
        assert_eq!(Timestamp::parse(&time.to_string()).ok(), Some(time), "{text:?} is {time}");
    }
    let _any_outcome =
        (text.parse::<Start>(), text.parse::<Url>(), Period::parse(text), EventId::parse(text));
});

fn check_set(set: &GtidSet) {
    assert_eq!(set.to_string().parse().as_ref(), Ok(set));
    assert_eq!(GtidSet::decode(&set.encode()).as_ref(), Ok(set));
    let mut nothing = set.clone();
    nothing.subtract(set);
    assert!(nothing.is_empty());
}
