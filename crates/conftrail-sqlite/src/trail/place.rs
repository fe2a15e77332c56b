//! Where an event stands: by time, then log order. Keys of the events table follow it.
//!
//! A key is a slice of time (2^16 µs, about 66 ms) and a counter within the slice. Whatever is listed by key is
//! therefore listed by time, without an index of its own. Within a slice keys count up as events arrive, which is
//! the order of time and log unless something arrives late; such slices are noted and sorted when they are read.

use conftrail_core::ports::Cursor;
use conftrail_core::{Event, Order, Timestamp};

use crate::error::Error;

const SLICE_BITS: u32 = 16;
const COUNTER_BITS: u32 = 27;
/// Times have 52 bits: up to the year 2112, beyond what the time policy lets through.
const LATEST: i64 = (1 << 52) - 1;

/// The number of a slice of time.
pub(super) type Slice = i64;

/// Orders events: by time, then log order; the key tells apart what has no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) time: i64,
    pub(super) epoch: i64,
    pub(super) partition: i64,
    pub(super) offset: i64,
    pub(super) key: i64,
}

/// The columns of [`Place::read`].
pub(super) const PLACE: &str = "e.time, e.epoch, e.partition, e.offset, e.key";

impl Place {
    /// Returns the place of an event that has no key yet.
    pub(super) fn of(event: &Event) -> Self {
        let Order { epoch, partition, offset } = event.log.unwrap_or_default();
        Self {
            time: event.time.micros(),
            epoch: epoch.into(),
            partition: partition.into(),
            offset: i64::try_from(offset).unwrap_or(i64::MAX),
            key: 0,
        }
    }

    /// Reads the columns of [`PLACE`], which begin at `first`.
    pub(super) fn read(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            time: row.get(first)?,
            epoch: row.get(first + 1)?,
            partition: row.get(first + 2)?,
            offset: row.get(first + 3)?,
            key: row.get(first + 4)?,
        })
    }

    /// Returns the slice of the event's time.
    pub(super) fn slice(&self) -> Slice {
        slice_of(Timestamp::from_micros(self.time))
    }

    /// Prints the place as a cursor of one question.
    pub(super) fn cursor(&self, kind: char, question: Question) -> Cursor {
        let Self { time, epoch, partition, offset, key } = self;
        Cursor(format!("{kind}{}.{time}.{epoch}.{partition}.{offset}.{key}", question.0))
    }

    /// Reads a cursor of the same kind and question.
    ///
    /// # Errors
    /// `Rejected` for anything that [`Place::cursor`] did not print, and for a cursor of another question.
    pub(super) fn parse(cursor: &Cursor, kind: char, question: Question) -> Result<Self, Error> {
        let parsed = cursor.0.strip_prefix(kind).and_then(|text| {
            let numbers: Vec<i64> = text.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
            let [of, time, epoch, partition, offset, key] = numbers.try_into().ok()?;
            Some((of, Self { time, epoch, partition, offset, key }))
        });
        match parsed {
            None => Err(NOT_OURS),
            Some((of, place)) if of == i64::from(question.0) => Ok(place),
            Some(_) => Err(OF_ANOTHER),
        }
    }
}

/// Tells one question's cursors from another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question(u32);

impl Question {
    /// Returns the mark of a question: what is asked for, without the bounds of time that may move on between pages.
    pub(super) fn of(asked: &str) -> Self {
        Self(crc32fast::hash(asked.as_bytes()))
    }
}

/// Says that a cursor is none of ours.
pub(super) const NOT_OURS: Error = Error::Rejected("continue from a cursor that was not handed out");
/// Says that a cursor was handed out for something else.
pub(super) const OF_ANOTHER: Error =
    Error::Rejected("continue from a cursor of another query: begin without a cursor");

/// Returns the slice that a time belongs to.
pub(super) fn slice_of(time: Timestamp) -> Slice {
    time.micros().clamp(0, LATEST) >> SLICE_BITS
}

/// Returns the slice that a key is of.
pub(super) fn slice_of_key(key: i64) -> Slice {
    key >> COUNTER_BITS
}

/// Returns when a slice begins, in microseconds since 1970.
pub(super) fn first_time(slice: Slice) -> i64 {
    slice << SLICE_BITS
}

/// Returns the first key of a slice.
pub(super) fn first_key(slice: Slice) -> i64 {
    slice << COUNTER_BITS
}

/// Returns the last key of a slice.
pub(super) fn last_key(slice: Slice) -> i64 {
    first_key(slice) + ((1 << COUNTER_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_slices_have_higher_keys_and_all_keys_are_positive() {
        let times = ["2010-01-01T00:00:00Z", "2026-11-20T10:00:00Z", "2026-11-20T10:00:00.1Z"];
        let slices: Vec<Slice> = times.map(|time| slice_of(Timestamp::parse(time).unwrap())).to_vec();
        for pair in slices.windows(2) {
            assert!(first_key(pair[0]) < last_key(pair[0]) && last_key(pair[0]) < first_key(pair[1]));
        }
        assert!(last_key(slice_of(Timestamp::from_micros(i64::MAX))) > 0);
        assert_eq!(first_key(slice_of(Timestamp::from_micros(i64::MIN))), 0);
    }

    #[test]
    fn a_cursor_is_read_back_and_a_foreign_one_refused() {
        let place = Place { time: 1, epoch: 2, partition: 0, offset: 4, key: -5 };
        let question = Question::of("env:prod");
        let cursor = place.cursor('s', question);
        assert_eq!(Place::parse(&cursor, 's', question).unwrap(), place);
        let other = Place::parse(&cursor, 's', Question::of("env:test")).unwrap_err();
        assert!(other.to_string().contains("another query"), "{other}");
        for text in ["", "s", "s1.2.0.4", "s9.1.2.0.4", "s9.1.2.0.4.5.6", "s9.1.2.0.4.x", "s9.1..0.4.5"] {
            let refused = Place::parse(&Cursor(text.to_owned()), 's', question).unwrap_err();
            assert!(refused.to_string().contains("not handed out"), "{text}");
        }
        assert!(Place::parse(&place.cursor('t', question), 's', question).is_err());
    }
}
