//! What can be done for a write before its transaction: bodies, words and leaves, on another thread than the writer's.

use std::sync::Arc;

use conftrail_core::Event;
use conftrail_core::integrity::TreeHash;
use conftrail_core::ports::Refusal;

use crate::body;
use crate::trail::{stored, words};

/// An event, ready to be inserted.
pub(super) struct Prepared {
    pub(super) event: Arc<Event>,
    pub(super) body: Vec<u8>,
    pub(super) words: String,
    pub(super) leaf: TreeHash,
}

/// Prepares events; what can never be stored is refused.
pub(super) fn prepare(events: Vec<Arc<Event>>) -> (Vec<Prepared>, Vec<Refusal>) {
    let mut prepared = Vec::with_capacity(events.len());
    let mut refused = Vec::new();
    for event in events {
        let (json, leaf) = stored::json(&event);
        match body::encode_json(&json, body::KEPT) {
            Ok(body) => {
                let words = words::of_event(&event);
                prepared.push(Prepared { event, body, words, leaf });
            }
            Err(error) => refused.push(Refusal { id: event.id, reason: error.to_string() }),
        }
    }
    (prepared, refused)
}
