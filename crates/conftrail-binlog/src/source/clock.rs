//! Whose headers tell the time of a transaction.

use super::position::Place;
use crate::wire::RawEvent;

/// A server that lets only administrators set the time of its events, since it was started so.
#[derive(Clone, Debug)]
pub(super) struct TrustedClock {
    pub(super) server_id: u32,
    /// Where the first of its events stands.
    pub(super) since: Place,
}

impl TrustedClock {
    /// Says whether an event's time is the server's own.
    pub(super) fn vouches_for(&self, event: &RawEvent<'_>) -> bool {
        let place = Place::new(event.file, event.start);
        event.header.server_id == self.server_id
            && place.partial_cmp(&self.since).is_some_and(|order| order.is_ge())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{EventHeader, kind};

    #[test]
    fn only_the_server_itself_is_believed_and_only_since_it_was_started_so() {
        let clock = TrustedClock { server_id: 1, since: Place::new("binlog.000010", 4) };
        let vouches = |server_id, file| {
            let header = EventHeader {
                timestamp: 0,
                kind: kind::MARIADB_GTID,
                server_id,
                size: 42,
                log_pos: 400,
                flags: 0,
            };
            clock.vouches_for(&RawEvent { header, body: &[], file, start: 358, end: 400 })
        };
        assert!(vouches(1, "binlog.000010") && vouches(1, "binlog.1000000"));
        assert!(!vouches(1, "binlog.000009"), "an earlier start of the server");
        assert!(!vouches(2, "binlog.000010"), "another server's clock");
        assert!(!vouches(1, "other.000010"));
    }
}
