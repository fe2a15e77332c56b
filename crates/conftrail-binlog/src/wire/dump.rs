//! The binlog dump: how it is asked for, and the events with their exact place.

use std::time::Duration;

use mysql_common::packets::ComRegisterSlave;
use mysql_common::proto::MySerialize;

use super::WireError;
use super::channel::{Channel, Closer};
use super::connection::{Connection, server_error};
use super::event::{EventHeader, Framing, RawEvent, kind};
use super::packet::Packets;
use crate::cursor::Cursor;

/// `BINLOG_DUMP_NON_BLOCK`: the server ends the dump at the end of its log.
const NON_BLOCK: u16 = 0x01;
/// `BINLOG_THROUGH_GTID`.
const THROUGH_GTID: u16 = 0x04;
const COM_BINLOG_DUMP: u8 = 0x12;
const COM_BINLOG_DUMP_GTID: u8 = 0x1e;
/// Where a binlog file's events start, behind its magic number.
const FILE_START: u64 = 4;
/// How many heartbeats may stay out before the connection counts as dead.
const MISSED_HEARTBEATS: u32 = 3;

/// Where a dump starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DumpStart {
    /// At an event boundary of a file.
    File {
        /// The file's name, such as `binlog.000003`.
        name: String,
        /// The offset; may be beyond 4 GiB.
        position: u64,
    },
    /// After a set of transactions, in the encoding of the protocol (`Gtid_set::encode`).
    Gtid {
        /// The encoded set.
        encoded: Vec<u8>,
    },
}

/// What a dump is asked for with.
#[derive(Clone, Debug)]
pub struct DumpRequest {
    /// Our own number among the server's replicas: unique in the topology, never 0.
    pub server_id: u32,
    /// Where to start.
    pub start: DumpStart,
    /// How often the server shows that it is alive when nothing else is to be said.
    pub heartbeat: Duration,
    /// Whether to end at the end of the log instead of waiting for more.
    pub until_end: bool,
}

/// The events of a dump, in order.
#[derive(Debug)]
pub struct EventStream {
    channel: Channel,
    packets: Packets,
    framing: Framing,
    place: Place,
}

/// Where in which file the event that was read last ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    file: String,
    end: u64,
    /// Events that end at or before this offset of the first file were asked for only because a dump cannot start
    /// beyond 4 GiB.
    skip_to: u64,
}

impl Connection {
    /// Registers as a replica and starts the dump.
    ///
    /// # Errors
    /// The server's, such as 1236 for a file it does not have.
    pub fn dump(mut self, request: &DumpRequest) -> Result<EventStream, WireError> {
        let nanoseconds = request.heartbeat.as_nanos();
        for variable in ["@source_heartbeat_period", "@master_heartbeat_period"] {
            self.execute(&format!("SET {variable} = {nanoseconds}"))?;
        }
        for variable in ["@source_binlog_checksum", "@master_binlog_checksum"] {
            self.execute(&format!("SET {variable} = @@GLOBAL.binlog_checksum"))?;
        }
        // A reader that waits for its log to take more is slow, not dead.
        self.execute("SET SESSION net_write_timeout = 600, net_read_timeout = 600")?;
        let patience = request.heartbeat * MISSED_HEARTBEATS;
        self.channel.set_read_timeout(patience)?;
        self.packets.set_patience(patience);

        let mut register = Vec::new();
        ComRegisterSlave::new(request.server_id).serialize(&mut register);
        self.command(&register)?;
        let (command, place) = dump_command(request);
        self.send(&command)?;
        Ok(EventStream { channel: self.channel, packets: self.packets, framing: Framing::default(), place })
    }
}

fn dump_command(request: &DumpRequest) -> (Vec<u8>, Place) {
    let flags = if request.until_end { NON_BLOCK } else { 0 };
    match &request.start {
        DumpStart::File { name, position } => {
            // This command has 32 bits for the offset.
            let (offset, skip_to) = match u32::try_from(*position) {
                Ok(offset) => (offset, 0),
                Err(_) => (FILE_START as u32, *position),
            };
            let mut command = vec![COM_BINLOG_DUMP];
            command.extend(offset.to_le_bytes());
            command.extend(flags.to_le_bytes());
            command.extend(request.server_id.to_le_bytes());
            command.extend(name.as_bytes());
            (command, Place { file: name.clone(), end: u64::from(offset), skip_to })
        }
        DumpStart::Gtid { encoded } => {
            // No file and no offset: named ones would make the server jump ahead.
            let mut command = vec![COM_BINLOG_DUMP_GTID];
            command.extend((flags | THROUGH_GTID).to_le_bytes());
            command.extend(request.server_id.to_le_bytes());
            command.extend(0_u32.to_le_bytes());
            command.extend(FILE_START.to_le_bytes());
            command.extend((encoded.len() as u32).to_le_bytes());
            command.extend(encoded);
            (command, Place::default())
        }
    }
}

impl EventStream {
    /// Waits for the next event; none at the end of the log when `until_end` was asked for.
    ///
    /// # Errors
    /// When the connection ends, is silent for three heartbeats, or what comes is no event.
    pub fn next_event(&mut self) -> Result<Option<RawEvent<'_>>, WireError> {
        loop {
            self.packets.advance(&mut self.channel)?;
            let event = match self.packets.content() {
                [0x00, event @ ..] => event,
                [0xfe, rest @ ..] if rest.len() < 8 => return Ok(None),
                error @ [0xff, ..] => return Err(server_error(error)),
                other => {
                    let detail = format!("{} bytes that start with {:02x?}", other.len(), other.first());
                    return Err(WireError::malformed("event packet", detail));
                }
            };
            let (header, body) = self.framing.locate(event)?;
            let start = self.place.end;
            self.place.pass(&header, &event[body.clone()])?;
            if !self.place.is_skipped(&header) {
                let event = self.packets.content().get(1..).unwrap_or_default();
                let Place { file, end, .. } = &self.place;
                // A heartbeat may have been left out before: count back from the end.
                let start =
                    if *end > start { end.saturating_sub(u64::from(header.size)).max(start) } else { *end };
                return Ok(Some(RawEvent { header, body: &event[body], file, start, end: *end }));
            }
        }
    }

    /// Returns the file that the last event stands in; empty before the first one.
    pub fn file(&self) -> &str {
        &self.place.file
    }

    /// Returns the offset where the last event ends.
    pub fn end(&self) -> u64 {
        self.place.end
    }

    /// Says whether an event has arrived that was not returned yet.
    pub fn has_next(&self) -> bool {
        self.packets.has_next()
    }

    /// Returns what ends the dump from another thread.
    ///
    /// # Errors
    /// When the operating system has no descriptor left.
    pub fn closer(&self) -> Result<Closer, WireError> {
        self.channel.closer()
    }
}

impl Place {
    /// Moves behind an event.
    pub(super) fn pass(&mut self, header: &EventHeader, body: &[u8]) -> Result<(), WireError> {
        match header.kind {
            kind::ROTATE => self.rotate(body),
            kind::HEARTBEAT => {
                self.end = reconciled(self.end, header.log_pos);
                Ok(())
            }
            _ if header.is_artificial() || header.log_pos == 0 => Ok(()),
            _ => {
                self.end = reconciled(self.end + u64::from(header.size), header.log_pos);
                Ok(())
            }
        }
    }

    fn rotate(&mut self, body: &[u8]) -> Result<(), WireError> {
        let mut cursor = Cursor::new(body);
        let position = cursor.u64().ok_or_else(|| WireError::malformed("rotation", "no position"))?;
        let name = std::str::from_utf8(cursor.rest())
            .map_err(|_| WireError::malformed("rotation", "the file name is no text"))?;
        if !self.file.is_empty() && self.file != name {
            self.skip_to = 0;
        }
        name.clone_into(&mut self.file);
        self.end = position;
        Ok(())
    }

    fn is_skipped(&self, header: &EventHeader) -> bool {
        self.end <= self.skip_to
            && !matches!(header.kind, kind::ROTATE | kind::FORMAT_DESCRIPTION | kind::HEARTBEAT)
    }
}

/// Returns the smallest offset from `at_least` on whose lower 32 bits are the server's: binlogs pass 4 GiB, and
/// events that a dump leaves out move the offset too.
fn reconciled(at_least: u64, log_pos: u32) -> u64 {
    let ahead = log_pos.wrapping_sub(at_least as u32);
    // A step of 2 GiB forward is one backward: trust the sizes then.
    if ahead > u32::MAX / 2 { at_least } else { at_least + u64::from(ahead) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: u8, size: u32, log_pos: u32, flags: u16) -> EventHeader {
        EventHeader { timestamp: 0, kind, server_id: 1, size, log_pos, flags }
    }

    #[test]
    fn the_offset_passes_4_gib_and_follows_what_the_dump_left_out() {
        assert_eq!(reconciled(1000, 1000), 1000);
        assert_eq!(reconciled(1000, 5000), 5000);
        assert_eq!(reconciled(0xFFFF_FFF0, 0x10), 0x1_0000_0010);
        assert_eq!(reconciled(0x3_0000_0010, 0x20), 0x3_0000_0020);
        assert_eq!(reconciled(5000, 4000), 5000);
    }

    #[test]
    fn artificial_events_move_nothing_and_rotations_start_a_file() {
        let mut place = Place { file: "binlog.000001".into(), end: 500, skip_to: 0 };
        place.pass(&header(kind::FORMAT_DESCRIPTION, 122, 0, 0), &[]).unwrap();
        place.pass(&header(kind::QUERY, 100, 9000, 0x20), &[]).unwrap();
        assert_eq!(place.end, 500);
        place.pass(&header(kind::XID, 31, 531, 0), &[]).unwrap();
        assert_eq!(place.end, 531);
        place.pass(&header(kind::ROTATE, 44, 575, 0), b"\x04\0\0\0\0\0\0\0binlog.000002").unwrap();
        assert_eq!((place.file.as_str(), place.end), ("binlog.000002", 4));
        assert!(place.pass(&header(kind::ROTATE, 20, 5, 0), &[1, 2]).is_err());
    }

    #[test]
    fn a_start_beyond_4_gib_skips_up_to_it_within_its_file_only() {
        let request = DumpRequest {
            server_id: 1,
            start: DumpStart::File { name: "b.1".into(), position: 0x1_0000_0100 },
            heartbeat: Duration::from_secs(1),
            until_end: false,
        };
        let (_, mut place) = dump_command(&request);
        place.end = 0x1_0000_00f0;
        let row = header(kind::XID, 16, 0x100, 0);
        place.pass(&row, &[]).unwrap();
        assert!(place.is_skipped(&row));
        place.pass(&header(kind::XID, 16, 0x110, 0), &[]).unwrap();
        assert!(!place.is_skipped(&row));
        place.pass(&header(kind::ROTATE, 30, 0x120, 0), b"\x04\0\0\0\0\0\0\0b.2").unwrap();
        assert!(!place.is_skipped(&row));
    }
}
