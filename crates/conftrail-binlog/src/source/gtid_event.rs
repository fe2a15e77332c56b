//! The event that begins a transaction: its identity and when it was committed first.

use std::panic::{AssertUnwindSafe, catch_unwind};

use conftrail_core::Timestamp;
use mysql_common::binlog::BinlogCtx;
use mysql_common::binlog::consts::BinlogVersion;
use mysql_common::binlog::events::{FormatDescriptionEvent, GtidEvent};
use mysql_common::io::ParseBuf;

use crate::cursor::Cursor;
use crate::gtid::{Gtid, ServerUuid, Tag, Tsid};
use crate::wire::kind;

/// Marks a commit time behind which the origin's follows; source: MySQL, `Gtid_event::ENCODED_COMMIT_TIMESTAMP_LENGTH`.
const ORIGINAL_FOLLOWS: u64 = 1 << 55;
/// The only code of logical timestamps since MySQL 5.7.5.
const LOGICAL_TIMESTAMPS: u8 = 2;

/// What a transaction's first event tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Begin {
    /// The identity; none for anonymous transactions.
    pub(super) gtid: Option<Gtid>,
    /// When the server that ran it first committed it: the same on every replica. None before MySQL 8.0.1.
    pub(super) committed: Option<Timestamp>,
}

impl Begin {
    /// Reads the body of a GTID, ANONYMOUS_GTID or GTID_TAGGED event.
    pub(super) fn read(event_kind: u8, body: &[u8]) -> Option<Self> {
        if event_kind == kind::GTID_TAGGED { Self::tagged(body) } else { Self::untagged(event_kind, body) }
    }

    /// Fixed places; source: MySQL, `libs/mysql/binlog/event/control_events.h`, `Gtid_event`.
    fn untagged(event_kind: u8, body: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        cursor.u8()?;
        let uuid = ServerUuid(cursor.array()?);
        let gno = cursor.u64()?;
        let gtid = (event_kind == kind::GTID).then_some(Gtid { tsid: Tsid { uuid, tag: None }, gno });
        if cursor.u8() != Some(LOGICAL_TIMESTAMPS) {
            return Some(Self { gtid, committed: None });
        }
        cursor.take(16)?;
        let Some(immediate) = cursor.uint(7) else { return Some(Self { gtid, committed: None }) };
        let micros = if immediate & ORIGINAL_FOLLOWS != 0 { cursor.uint(7)? } else { immediate };
        Some(Self { gtid, committed: time(micros) })
    }

    /// MySQL's serialisation library, which mysql_common reads.
    fn tagged(body: &[u8]) -> Option<Self> {
        let description = FormatDescriptionEvent::new(BinlogVersion::Version4);
        let context = BinlogCtx::new(body.len(), &description, kind::GTID_TAGGED);
        let parse = || ParseBuf(body).parse::<GtidEvent>(context).ok();
        // It is not known to panic; bytes from outside must not be what shows that it can.
        let event = catch_unwind(AssertUnwindSafe(parse)).ok().flatten()?;
        let tag = match event.tag() {
            Some(tag) => Some(Tag::new(tag.as_str()).ok()?),
            None => None,
        };
        let gtid = Gtid { tsid: Tsid { uuid: ServerUuid(event.sid()), tag }, gno: event.gno() };
        let (original, immediate) = (event.original_commit_timestamp(), event.immediate_commit_timestamp());
        Some(Self { gtid: Some(gtid), committed: time(if original == 0 { immediate } else { original }) })
    }
}

/// A time of 0 means that the origin did not tell one.
fn time(micros: u64) -> Option<Timestamp> {
    i64::try_from(micros).ok().filter(|micros| *micros != 0).map(Timestamp::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(immediate: u64, original: Option<u64>) -> Vec<u8> {
        let mut bytes = vec![1];
        bytes.extend([0xc9; 16]);
        bytes.extend(60_233_u64.to_le_bytes());
        bytes.push(LOGICAL_TIMESTAMPS);
        bytes.extend([0; 16]);
        bytes.extend(&immediate.to_le_bytes()[..7]);
        bytes.extend(original.iter().flat_map(|time| time.to_le_bytes()[..7].to_vec()));
        bytes.push(200);
        bytes
    }

    #[test]
    fn the_time_is_the_origins_wherever_it_is_read() {
        let at = |micros| Some(Timestamp::from_micros(micros));
        let origin = Begin::read(kind::GTID, &body(1_795_174_315_727_249, None)).unwrap();
        assert_eq!(origin.committed, at(1_795_174_315_727_249));
        let later = 1_795_174_999_000_000 | ORIGINAL_FOLLOWS;
        let replica = Begin::read(kind::GTID, &body(later, Some(1_795_174_315_727_249))).unwrap();
        assert_eq!(replica, origin);
        assert!(replica.gtid.unwrap().to_string().ends_with("c9c9:60233"));
    }

    #[test]
    fn an_anonymous_transaction_has_a_time_and_no_identity() {
        let begin = Begin::read(kind::ANONYMOUS_GTID, &body(1_795_174_315_727_249, None)).unwrap();
        assert_eq!(begin.gtid, None);
        assert!(begin.committed.is_some());
    }

    #[test]
    fn events_cut_short_are_none_and_no_panic() {
        let whole = body(1 | ORIGINAL_FOLLOWS, Some(2));
        for length in 0..whole.len() {
            for event_kind in [kind::GTID, kind::ANONYMOUS_GTID, kind::GTID_TAGGED] {
                let _any_outcome = Begin::read(event_kind, &whole[..length]);
            }
        }
        assert_eq!(Begin::read(kind::GTID, &whole[..20]), None);
    }
}
