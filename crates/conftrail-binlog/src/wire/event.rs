//! A binlog event's frame: the common header, the body, the checksum.

use std::ops::Range;

use super::WireError;

/// Bytes of the common header.
pub(crate) const HEADER: usize = 19;
/// Bytes of a CRC32 checksum.
pub(super) const CHECKSUM: usize = 4;

/// Event type codes; source: MySQL, `mysql::binlog::event::Log_event_type`.
pub mod kind {
    #![expect(missing_docs, reason = "the names are MySQL's own")]
    pub const QUERY: u8 = 2;
    pub const STOP: u8 = 3;
    pub const ROTATE: u8 = 4;
    pub const INTVAR: u8 = 5;
    pub const APPEND_BLOCK: u8 = 9;
    pub const DELETE_FILE: u8 = 11;
    pub const RAND: u8 = 13;
    pub const USER_VAR: u8 = 14;
    pub const FORMAT_DESCRIPTION: u8 = 15;
    pub const XID: u8 = 16;
    pub const BEGIN_LOAD_QUERY: u8 = 17;
    pub const EXECUTE_LOAD_QUERY: u8 = 18;
    pub const TABLE_MAP: u8 = 19;
    pub const WRITE_ROWS_V1: u8 = 23;
    pub const UPDATE_ROWS_V1: u8 = 24;
    pub const DELETE_ROWS_V1: u8 = 25;
    pub const INCIDENT: u8 = 26;
    pub const HEARTBEAT: u8 = 27;
    pub const IGNORABLE: u8 = 28;
    pub const ROWS_QUERY: u8 = 29;
    pub const WRITE_ROWS: u8 = 30;
    pub const UPDATE_ROWS: u8 = 31;
    pub const DELETE_ROWS: u8 = 32;
    pub const GTID: u8 = 33;
    pub const ANONYMOUS_GTID: u8 = 34;
    pub const PREVIOUS_GTIDS: u8 = 35;
    pub const TRANSACTION_CONTEXT: u8 = 36;
    pub const VIEW_CHANGE: u8 = 37;
    pub const XA_PREPARE: u8 = 38;
    pub const PARTIAL_UPDATE_ROWS: u8 = 39;
    pub const TRANSACTION_PAYLOAD: u8 = 40;
    pub const GTID_TAGGED: u8 = 42;
    // MariaDB's own; source: MariaDB, `sql/log_event.h`, `Log_event_type`.
    pub const ANNOTATE_ROWS: u8 = 160;
    pub const BINLOG_CHECKPOINT: u8 = 161;
    pub const MARIADB_GTID: u8 = 162;
    pub const GTID_LIST: u8 = 163;
    pub const START_ENCRYPTION: u8 = 164;
    pub const QUERY_COMPRESSED: u8 = 165;
    pub const WRITE_ROWS_COMPRESSED_V1: u8 = 166;
    pub const DELETE_ROWS_COMPRESSED_V1: u8 = 168;
    pub const WRITE_ROWS_COMPRESSED: u8 = 169;
    pub const DELETE_ROWS_COMPRESSED: u8 = 171;
}

/// The server writes to this file still; set in format descriptions only.
const FLAG_IN_USE: u16 = 0x1;
/// The server made the event for this dump; it stands in no file.
const FLAG_ARTIFICIAL: u16 = 0x20;
/// A reader that does not know the event may pass over it.
const FLAG_IGNORABLE: u16 = 0x80;

/// The common header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventHeader {
    /// Seconds since the epoch, when the statement began; any user can set it.
    pub timestamp: u32,
    /// The type, a constant of [`kind`].
    pub kind: u8,
    /// The server that wrote the event first.
    pub server_id: u32,
    /// Bytes of the whole event.
    pub size: u32,
    /// The end of the event in its file, modulo 4 GiB; 0 where it stands in none.
    pub log_pos: u32,
    /// Flags.
    pub flags: u16,
}

impl EventHeader {
    /// Reads the header at the front of an event.
    #[inline]
    pub(crate) fn read(event: &[u8]) -> Option<Self> {
        // As one array, so that its length is looked at once.
        let header: &[u8; HEADER] = event.first_chunk()?;
        let [t0, t1, t2, t3, kind, i0, i1, i2, i3, s0, s1, s2, s3, p0, p1, p2, p3, f0, f1] = *header;
        Some(Self {
            timestamp: u32::from_le_bytes([t0, t1, t2, t3]),
            kind,
            server_id: u32::from_le_bytes([i0, i1, i2, i3]),
            size: u32::from_le_bytes([s0, s1, s2, s3]),
            log_pos: u32::from_le_bytes([p0, p1, p2, p3]),
            flags: u16::from_le_bytes([f0, f1]),
        })
    }

    /// Says whether the server made the event for this dump.
    pub fn is_artificial(&self) -> bool {
        self.flags & FLAG_ARTIFICIAL != 0
    }

    /// Says whether a reader that does not know the event may pass over it.
    pub fn is_ignorable(&self) -> bool {
        self.flags & FLAG_IGNORABLE != 0
    }
}

/// An event as it came, borrowed from the connection's buffer.
#[derive(Clone, Copy, Debug)]
pub struct RawEvent<'a> {
    /// The common header.
    pub header: EventHeader,
    /// What follows the header, without the checksum.
    pub body: &'a [u8],
    /// The file it stands in.
    pub file: &'a str,
    /// The offset where it begins; for events that the server made for this dump, where it goes on.
    pub start: u64,
    /// The offset where it ends.
    pub end: u64,
}

/// Cuts events out of packets and verifies their checksums.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Framing {
    /// Whether events carry a checksum, once a format description said so.
    checksum: Option<bool>,
}

impl Framing {
    /// Finds the header and the body of an event that fills `bytes`.
    pub(super) fn locate(&mut self, bytes: &[u8]) -> Result<(EventHeader, Range<usize>), WireError> {
        let short = || WireError::malformed("event", format!("{} bytes", bytes.len()));
        let header = EventHeader::read(bytes).ok_or_else(short)?;
        if header.size as usize != bytes.len() {
            let detail = format!("its header says {} bytes and {} came", header.size, bytes.len());
            return Err(WireError::malformed("event", detail));
        }
        let has_checksum = match (header.kind, self.checksum) {
            (kind::FORMAT_DESCRIPTION, _) => self.learn(bytes).ok_or_else(short)?,
            (_, Some(known)) => known,
            // Before the first format description only the bytes themselves tell.
            (_, None) => matches(bytes, header).unwrap_or(false),
        };
        let end = if has_checksum { bytes.len().saturating_sub(CHECKSUM) } else { bytes.len() };
        if has_checksum && !matches(bytes, header).ok_or_else(short)? {
            let detail = format!("the checksum of {} bytes of type {} is wrong", bytes.len(), header.kind);
            return Err(WireError::malformed("event", detail));
        }
        if end < HEADER {
            return Err(short());
        }
        Ok((header, HEADER..end))
    }

    /// Says whether events carry a checksum; none before a format description told.
    pub(super) fn has_checksum(&self) -> Option<bool> {
        self.checksum
    }

    /// A format description ends with the algorithm and a place for a checksum, whatever the algorithm.
    fn learn(&mut self, bytes: &[u8]) -> Option<bool> {
        let algorithm = *bytes.get(bytes.len().checked_sub(CHECKSUM + 1)?)?;
        self.checksum = Some(algorithm == 1);
        self.checksum
    }
}

/// Compares the checksum at the end of an event; none when there is no room for one.
fn matches(bytes: &[u8], header: EventHeader) -> Option<bool> {
    let (content, checksum) = bytes.split_last_chunk::<CHECKSUM>()?;
    let mut hasher = crc32fast::Hasher::new();
    if header.kind == kind::FORMAT_DESCRIPTION && header.flags & FLAG_IN_USE != 0 {
        // The server computes it without this flag, which it sets and clears in place.
        let (before, after) = content.split_at_checked(HEADER - 2)?;
        hasher.update(before);
        hasher.update(&(header.flags & !FLAG_IN_USE).to_le_bytes());
        hasher.update(after.get(2..)?);
    } else {
        hasher.update(content);
    }
    Some(hasher.finalize() == u32::from_le_bytes(*checksum))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: u8, flags: u16, body: &[u8], checksum: bool) -> Vec<u8> {
        let size = HEADER + body.len() + if checksum { CHECKSUM } else { 0 };
        let mut bytes = vec![0; 4];
        bytes.push(kind);
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend((size as u32).to_le_bytes());
        bytes.extend(0_u32.to_le_bytes());
        let in_use = bytes.clone();
        bytes.extend(flags.to_le_bytes());
        bytes.extend(body);
        if checksum {
            let mut covered = in_use;
            covered.extend((flags & !FLAG_IN_USE).to_le_bytes());
            covered.extend(body);
            bytes.extend(crc32fast::hash(&covered).to_le_bytes());
        }
        bytes
    }

    fn body<'a>(framing: &mut Framing, bytes: &'a [u8]) -> Option<&'a [u8]> {
        framing.locate(bytes).ok().map(|(_, body)| &bytes[body])
    }

    #[test]
    fn the_format_description_says_whether_events_carry_a_checksum() {
        for (algorithm, checksum) in [(1, true), (0, false)] {
            let mut framing = Framing::default();
            let description = event(kind::FORMAT_DESCRIPTION, FLAG_IN_USE, &[9, 9, algorithm], true);
            assert!(body(&mut framing, &description).is_some());
            let query = event(kind::QUERY, 0, b"body", checksum);
            assert_eq!(body(&mut framing, &query), Some(&b"body"[..]));
        }
    }

    #[test]
    fn a_first_rotate_is_read_with_and_without_a_checksum() {
        for checksum in [true, false] {
            let rotate = event(kind::ROTATE, FLAG_ARTIFICIAL, b"\x04\0\0\0\0\0\0\0binlog.000007", checksum);
            let read = body(&mut Framing::default(), &rotate);
            assert_eq!(read, Some(&b"\x04\0\0\0\0\0\0\0binlog.000007"[..]));
        }
    }

    #[test]
    fn a_flipped_bit_and_a_wrong_size_are_errors() {
        let mut framing = Framing { checksum: Some(true) };
        let whole = event(kind::QUERY, 0, b"body", true);
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            assert!(framing.locate(&damaged).is_err(), "{at}");
            assert!(framing.locate(&whole[..at]).is_err(), "{at}");
        }
    }
}
