//! The event that begins a transaction: its identity and when it was committed first.

use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use conftrail_core::Timestamp;
use mysql_common::binlog::BinlogCtx;
use mysql_common::binlog::consts::BinlogVersion;
use mysql_common::binlog::events::{FormatDescriptionEvent, GtidEvent};
use mysql_common::io::ParseBuf;

use crate::cursor::Cursor;
use crate::gtid::{Gtid, MariadbGtid, ServerUuid, Tag, TransactionId, Tsid};
use crate::wire::{EventHeader, kind};

/// Marks a commit time behind which the origin's follows; source: MySQL, `Gtid_event::ENCODED_COMMIT_TIMESTAMP_LENGTH`.
const ORIGINAL_FOLLOWS: u64 = 1 << 55;
/// The only code of logical timestamps since MySQL 5.7.5.
const LOGICAL_TIMESTAMPS: u8 = 2;

/// What a transaction's first event tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Begin {
    /// The identity; none for anonymous transactions.
    pub(super) gtid: Option<TransactionId>,
    /// When the server that ran it first committed it: the same on every replica. None before MySQL 8.0.1, and on MariaDB.
    pub(super) committed: Option<Timestamp>,
    /// Whether everything up to a COMMIT belongs to it; MySQL says so by a BEGIN of its own.
    pub(super) is_open: bool,
    /// The id of an XA transaction whose rows follow; MySQL says so by an XA START of its own.
    pub(super) xid: Option<String>,
}

impl Begin {
    /// Of a transaction that has no such event.
    pub(super) const NAMELESS: Self = Self { gtid: None, committed: None, is_open: false, xid: None };

    /// Reads the body of a GTID, ANONYMOUS_GTID or GTID_TAGGED event, or of MariaDB's own.
    pub(super) fn read(header: &EventHeader, body: &[u8]) -> Option<Self> {
        match header.kind {
            kind::GTID_TAGGED => Self::tagged(body),
            kind::MARIADB_GTID => Self::mariadb(header.server_id, body),
            untagged => Self::untagged(untagged, body),
        }
    }

    /// Source: MariaDB, `sql/log_event.h`, `Gtid_log_event`.
    fn mariadb(server_id: u32, body: &[u8]) -> Option<Self> {
        const STANDALONE: u8 = 1;
        const GROUP_COMMIT: u8 = 2;
        const PREPARED_XA: u8 = 64;
        const COMPLETED_XA: u8 = 128;
        let mut cursor = Cursor::new(body);
        let sequence = cursor.u64()?;
        let domain = cursor.u32()?;
        let flags = cursor.u8()?;
        let has = |flag: u8| flags & flag != 0;
        if has(GROUP_COMMIT) {
            cursor.u64()?;
        }
        let xid = if has(PREPARED_XA) { Some(xid(&mut cursor)?) } else { None };
        Some(Self {
            gtid: Some(TransactionId::Mariadb(MariadbGtid { domain, server_id, sequence })),
            committed: None,
            is_open: !has(STANDALONE) && !has(COMPLETED_XA),
            xid,
        })
    }

    /// Fixed places; source: MySQL, `libs/mysql/binlog/event/control_events.h`, `Gtid_event`.
    fn untagged(event_kind: u8, body: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        cursor.u8()?;
        let uuid = ServerUuid(cursor.array()?);
        let gno = cursor.u64()?;
        let gtid = Gtid { tsid: Tsid { uuid, tag: None }, gno };
        let gtid = (event_kind == kind::GTID).then_some(TransactionId::Mysql(gtid));
        if cursor.u8() != Some(LOGICAL_TIMESTAMPS) {
            return Some(Self { gtid, ..Self::NAMELESS });
        }
        cursor.take(16)?;
        let Some(immediate) = cursor.uint(7) else { return Some(Self { gtid, ..Self::NAMELESS }) };
        let micros = if immediate & ORIGINAL_FOLLOWS != 0 { cursor.uint(7)? } else { immediate };
        Some(Self { gtid, committed: time(micros), ..Self::NAMELESS })
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
        let committed = time(if original == 0 { immediate } else { original });
        Some(Self { gtid: Some(TransactionId::Mysql(gtid)), committed, ..Self::NAMELESS })
    }
}

/// An XA transaction's id, as XA statements in the binlog write it: `X'71',X'',1`.
fn xid(cursor: &mut Cursor<'_>) -> Option<String> {
    let format = cursor.u32()?;
    let (global, branch) = (cursor.u8()?, cursor.u8()?);
    let mut text = String::new();
    for length in [global, branch] {
        text.push_str("X'");
        for byte in cursor.take(usize::from(length))? {
            // Writing to a string does not fail.
            let _never_fails = write!(text, "{byte:02x}");
        }
        text.push_str("',");
    }
    let _never_fails = write!(text, "{format}");
    Some(text)
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

    fn read(event_kind: u8, body: &[u8]) -> Option<Begin> {
        let header =
            EventHeader { timestamp: 0, kind: event_kind, server_id: 33_010, size: 0, log_pos: 0, flags: 0 };
        Begin::read(&header, body)
    }

    #[test]
    fn an_event_of_mariadb_says_whether_more_follows_and_which_xa_transaction_it_is() {
        let body = |flags: u8, rest: &[u8]| {
            [&7_u64.to_le_bytes()[..], &3_u32.to_le_bytes(), &[flags], rest].concat()
        };
        let check = |flags: u8, rest: &[u8], is_open: bool, xid: Option<&str>| {
            let begin = read(kind::MARIADB_GTID, &body(flags, rest)).unwrap();
            assert_eq!(begin.gtid.as_ref().map(ToString::to_string).as_deref(), Some("3-33010-7"));
            assert_eq!((begin.is_open, begin.xid.as_deref(), begin.committed), (is_open, xid, None));
        };
        let padding: &[u8] = &[0; 6];
        let xid: &[u8] = &[1, 0, 0, 0, 1, 2, b'q', 0xab, 0x01];
        check(0x0c, padding, true, None);
        check(0x29, padding, false, None);
        check(0x0e, &9_u64.to_le_bytes(), true, None);
        check(0x4c, xid, true, Some("X'71',X'ab01',1"));
        check(0x4e, &[&9_u64.to_le_bytes(), xid].concat(), true, Some("X'71',X'ab01',1"));
        check(0x8c, xid, false, None);
        assert_eq!(read(kind::MARIADB_GTID, &body(0x4c, &xid[..7])), None);
    }

    #[test]
    fn the_time_is_the_origins_wherever_it_is_read() {
        let at = |micros| Some(Timestamp::from_micros(micros));
        let origin = read(kind::GTID, &body(1_795_174_315_727_249, None)).unwrap();
        assert_eq!(origin.committed, at(1_795_174_315_727_249));
        let later = 1_795_174_999_000_000 | ORIGINAL_FOLLOWS;
        let replica = read(kind::GTID, &body(later, Some(1_795_174_315_727_249))).unwrap();
        assert_eq!(replica, origin);
        assert!(replica.gtid.unwrap().to_string().ends_with("c9c9:60233"));
    }

    #[test]
    fn an_anonymous_transaction_has_a_time_and_no_identity() {
        let begin = read(kind::ANONYMOUS_GTID, &body(1_795_174_315_727_249, None)).unwrap();
        assert_eq!(begin.gtid, None);
        assert!(begin.committed.is_some());
    }

    #[test]
    fn events_cut_short_are_none_and_no_panic() {
        let whole = body(1 | ORIGINAL_FOLLOWS, Some(2));
        for length in 0..whole.len() {
            for event_kind in [kind::GTID, kind::ANONYMOUS_GTID, kind::GTID_TAGGED, kind::MARIADB_GTID] {
                let _any_outcome = read(event_kind, &whole[..length]);
            }
        }
        assert_eq!(read(kind::GTID, &whole[..20]), None);
    }
}
