//! The canonical bytes of an event and its leaf, which never change: proofs that people keep are over them.
//!
//! `event.canonical` and the leaf were made by another program, Python's json and hashlib.

use conftrail_core::Event;
use conftrail_core::canonical::event_bytes;
use conftrail_core::integrity::{canonical_digest, leaf_hash};

const EVENT: &str = include_str!("../canonical/event.json");
const CANONICAL: &str = include_str!("../canonical/event.canonical");
const LEAF: &str = "kp/TV4uNfQkOO494R3gX0VlWgKMXS9F0FBrrA4DiJPQ=";

#[test]
fn the_canonical_bytes_and_the_leaf_of_an_event_are_those_of_another_program() {
    let event: Event = serde_json::from_str(EVENT).unwrap();
    let bytes = event_bytes(&event);
    assert_eq!(String::from_utf8(bytes.clone()).unwrap(), CANONICAL);
    assert_eq!(leaf_hash(event.id, &canonical_digest(&[&bytes])).to_string(), LEAF);
}

#[test]
fn a_second_reading_has_the_same_canonical_bytes() {
    let mut again: Event = serde_json::from_str(EVENT).unwrap();
    again.observed = again.time;
    again.log = None;
    assert_eq!(event_bytes(&again), CANONICAL.as_bytes());
    let read: Event = serde_json::from_slice(&serde_json::to_vec(&again).unwrap()).unwrap();
    assert_eq!(event_bytes(&read), CANONICAL.as_bytes());
}
