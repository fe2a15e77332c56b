//! The JSON of a stored event: its canonical bytes, and at the end of the same object what is not canonical.
//!
//! So a verifier cuts the canonical bytes out and hashes what is there, instead of writing the event anew.

use conftrail_core::canonical::event_bytes;
use conftrail_core::integrity::{TreeHash, canonical_digest, leaf_hash};
use conftrail_core::{Event, EventId, Order, Timestamp};
use serde::{Deserialize, Serialize};

/// Where the canonical bytes end. Later than here it stands nowhere: no member of an order has this name.
const REST: &[u8] = b",\"observed\":\"";

/// What is not part of the canonical bytes.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rest {
    observed: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) log: Option<Order>,
}

/// Returns an event's JSON as it is stored, and the hash of its leaf.
pub(super) fn json(event: &Event) -> (Vec<u8>, TreeHash) {
    let mut json = event_bytes(event);
    let hash = leaf_hash(event.id, &canonical_digest(&[&json]));
    // The closing brace gives way to the comma before the rest, whose own opening brace gives way too.
    json.pop();
    let comma = json.len();
    let rest = Rest { observed: event.observed, log: event.log };
    serde_json::to_writer(&mut json, &rest).expect("times and numbers are JSON");
    json[comma] = b',';
    (json, hash)
}

/// Cuts stored JSON into the canonical bytes, without their closing brace, and the rest; none when it was not
/// written by [`json`].
pub(super) fn cut(json: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = json.windows(REST.len()).rposition(|window| window == REST)?;
    Some(json.split_at(at))
}

/// Returns the hash of an event's leaf from the canonical bytes that [`cut`] returned.
pub(super) fn leaf(id: EventId, canonical: &[u8]) -> TreeHash {
    leaf_hash(id, &canonical_digest(&[canonical, b"}"]))
}

/// Reads the rest; none when it is anything else.
pub(super) fn rest(rest: &[u8]) -> Option<Rest> {
    let object = [b"{", rest.get(1..)?].concat();
    serde_json::from_slice(&object).ok()
}

/// Returns a checksum over a body as it is stored: it finds damage, not intent.
pub(super) fn checksum(body: &[u8]) -> i64 {
    crc32fast::hash(body).into()
}

#[cfg(test)]
mod tests {
    use conftrail_core::Value;
    use conftrail_testkit::contract::events::event;

    use super::*;

    #[test]
    fn a_stored_event_is_read_back_and_its_canonical_bytes_stand_in_it() {
        let mut traps = event(1);
        let nested = r#"{"x":[{"a":1,"observed":"2026-11-20T10:00:00Z"}],"y":",\"observed\":\""}"#;
        traps.after = Some(serde_json::from_str(nested).unwrap());
        let mut unplaced = event(2);
        unplaced.log = None;
        for event in [event(0), traps, unplaced] {
            let (json, leaf) = json(&event);
            assert_eq!(serde_json::from_slice::<Event>(&json).unwrap(), event);
            let (canonical, after) = cut(&json).unwrap();
            assert_eq!([canonical, b"}"].concat(), event_bytes(&event));
            assert_eq!(rest(after), Some(Rest { observed: event.observed, log: event.log }));
            assert_eq!(leaf, super::leaf(event.id, canonical));
        }
    }

    #[test]
    fn what_stands_after_the_canonical_bytes_is_nothing_but_the_rest() {
        let (json, _) = json(&event(1));
        let text = String::from_utf8(json).unwrap();
        for more in [",\"actor\":{}}", ",\"log\":1}", ""] {
            let changed = format!("{}{more}", &text[..text.len() - 1]);
            assert_eq!(cut(changed.as_bytes()).and_then(|(_, after)| rest(after)), None, "{more}");
        }
        let old = serde_json::to_vec(&Value::from("an event of before")).unwrap();
        assert!(cut(&old).is_none());
    }
}
