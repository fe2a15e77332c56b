//! A look at a table's schema, and which rows it holds for.

use conftrail_core::Timestamp;

use super::position::Place;
use crate::wire::RawEvent;

/// When the schema was looked at. It holds for what was committed later, until the log tells of a change.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sight {
    /// The server's clock just before.
    pub(super) time: Timestamp,
    /// Where its binlog ended just before; none where that was another server's.
    pub(super) end: Option<Place>,
}

impl Sight {
    /// Stands for a schema that nobody looked at, or not at the one that the rows have.
    pub(super) fn never() -> Self {
        Self { time: Timestamp::from_micros(i64::MAX), end: None }
    }

    /// Says whether a row that was committed then, and stands there, came after the look. Places decide: clocks of
    /// servers differ, and some sessions may set the time of their commits.
    pub(super) fn is_before(&self, committed: Timestamp, event: &RawEvent<'_>) -> bool {
        match self.end.as_ref().and_then(|end| end.order_to(event.file, event.start)) {
            Some(order) => order.is_le(),
            None => self.time <= committed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{EventHeader, kind};

    #[test]
    fn the_place_decides_and_where_there_is_none_the_time() {
        let seen = |end| Sight { time: Timestamp::from_seconds(100), end };
        let check = |sight: &Sight, seconds, file, start, expected| {
            let header = EventHeader {
                timestamp: 0,
                kind: kind::WRITE_ROWS,
                server_id: 1,
                size: 42,
                log_pos: 0,
                flags: 0,
            };
            let event = RawEvent { header, body: &[], file, start, end: start + 42 };
            assert_eq!(sight.is_before(Timestamp::from_seconds(seconds), &event), expected);
        };
        let here = seen(Some(Place::new("binlog.000003", 500)));
        check(&here, 200, "binlog.000003", 400, false);
        check(&here, 1, "binlog.000003", 500, true);
        check(&here, 1, "binlog.000010", 4, true);
        check(&here, 200, "other.000001", 4, true);
        check(&seen(None), 99, "binlog.000003", 4, false);
        check(&seen(None), 100, "binlog.000003", 4, true);
        check(&Sight::never(), 1 << 40, "binlog.000003", 4, false);
    }
}
