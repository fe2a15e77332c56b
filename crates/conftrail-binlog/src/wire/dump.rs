//! The binlog dump: how it is asked for, and the events with their exact place.

use std::ops::Range;
use std::time::Duration;

use mysql_common::packets::ComRegisterSlave;
use mysql_common::proto::MySerialize;

use super::WireError;
use super::channel::{Channel, Closer};
use super::connection::{Connection, server_error};
use super::event::{EventHeader, Framing, RawEvent, kind};
use super::large::{FRONT, LargeBody, Unread};
use super::packet::Packets;
use super::place::Place;
use crate::gtid::GtidPosition;
use crate::product::Product;

/// `BINLOG_DUMP_NON_BLOCK`: the server ends the dump at the end of its log.
const NON_BLOCK: u16 = 0x01;
/// MariaDB's `BINLOG_SEND_ANNOTATE_ROWS_EVENT`: the statements that rows come from. MySQL knows no such flag.
const ANNOTATE_ROWS: u16 = 0x02;
/// `BINLOG_THROUGH_GTID`.
const THROUGH_GTID: u16 = 0x04;
const COM_BINLOG_DUMP: u8 = 0x12;
const COM_BINLOG_DUMP_GTID: u8 = 0x1e;
/// Where a binlog file's events start, behind its magic number.
const FILE_START: u64 = 4;

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
    /// After the transactions of a GTID position of MariaDB.
    GtidPosition(GtidPosition),
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
    /// How long the server may be silent before the connection counts as dead: some heartbeats.
    pub patience: Duration,
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
    /// What of the event returned last may not have been read.
    unread: Option<Unread>,
}

/// An event that has come.
#[derive(Debug)]
pub struct Arrival<'a> {
    /// The event; without its body where that is too large to be held.
    pub event: RawEvent<'a>,
    /// Such a body: only compressed transactions have one.
    pub large: Option<LargeBody<'a>>,
}

/// What was found at the front of the next packet.
enum Located {
    /// An event, with the place of its body behind the packet's first byte.
    Whole(EventHeader, Range<usize>),
    /// An event whose body is still to come.
    Large(EventHeader),
    /// The end of the log.
    End,
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
        if self.product() == Product::Mariadb {
            self.prepare_mariadb(request)?;
        }
        // A reader that waits for its log to take more is slow, not dead.
        self.execute("SET SESSION net_write_timeout = 600, net_read_timeout = 600")?;
        self.channel.set_read_timeout(request.patience)?;
        self.packets.set_patience(request.patience);

        let mut register = Vec::new();
        ComRegisterSlave::new(request.server_id).serialize(&mut register);
        self.command(&register)?;
        let (command, place) = dump_command(request, self.product());
        self.send(&command)?;
        Ok(EventStream {
            channel: self.channel,
            packets: self.packets,
            framing: Framing::default(),
            place,
            unread: None,
        })
    }

    /// Says that we know MariaDB's GTIDs (else it sends other events in their place), and where to start by them.
    fn prepare_mariadb(&mut self, request: &DumpRequest) -> Result<(), WireError> {
        self.execute("SET @mariadb_slave_capability = 4")?;
        if let DumpStart::GtidPosition(position) = &request.start {
            // Digits, hyphens and commas only.
            self.execute(&format!("SET @slave_connect_state = '{position}'"))?;
            self.execute("SET @slave_gtid_strict_mode = @@GLOBAL.gtid_strict_mode")?;
            self.execute("SET @slave_gtid_ignore_duplicates = 0")?;
        }
        Ok(())
    }
}

fn dump_command(request: &DumpRequest, product: Product) -> (Vec<u8>, Place) {
    let mut flags = if request.until_end { NON_BLOCK } else { 0 };
    if product == Product::Mariadb {
        flags |= ANNOTATE_ROWS;
    }
    match &request.start {
        DumpStart::File { name, position } => {
            // This command has 32 bits for the offset.
            let (offset, skip_to) = match u32::try_from(*position) {
                Ok(offset) => (offset, 0),
                Err(_) => (FILE_START as u32, *position),
            };
            let command = dump_of_file(offset, flags, request.server_id, name);
            (command, Place { file: name.clone(), end: u64::from(offset), skip_to })
        }
        // The session's variables say where.
        DumpStart::GtidPosition(_) => {
            (dump_of_file(FILE_START as u32, flags, request.server_id, ""), Place::default())
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

fn dump_of_file(offset: u32, flags: u16, server_id: u32, name: &str) -> Vec<u8> {
    let mut command = vec![COM_BINLOG_DUMP];
    command.extend(offset.to_le_bytes());
    command.extend(flags.to_le_bytes());
    command.extend(server_id.to_le_bytes());
    command.extend(name.as_bytes());
    command
}

impl EventStream {
    /// Waits for the next event; none at the end of the log when `until_end` was asked for. The body of a compressed
    /// transaction that does not fit the buffer is left out and passed over.
    ///
    /// # Errors
    /// When the connection ends, is silent for too long, or what comes is no event.
    pub fn next_event(&mut self) -> Result<Option<RawEvent<'_>>, WireError> {
        Ok(self.next_arrival()?.map(|arrival| arrival.event))
    }

    /// Waits for the next event, of which a large body can be read in parts; none at the end of the log when `until_end` was
    /// asked for.
    ///
    /// # Errors
    /// When the connection ends, is silent for too long, or what comes is no event.
    pub fn next_arrival(&mut self) -> Result<Option<Arrival<'_>>, WireError> {
        loop {
            if let Some(mut unread) = self.unread.take() {
                unread.finish(&mut self.packets, &mut self.channel)?;
            }
            let (header, body) = match self.locate()? {
                Located::Whole(header, body) => (header, body),
                Located::Large(header) => (header, 0..0),
                Located::End => return Ok(None),
            };
            let event = self.packets.content().get(1..).unwrap_or_default();
            let start = self.place.end;
            self.place.pass(&header, &event[body.clone()])?;
            if !self.place.is_skipped(&header) {
                let Self { packets, channel, place: Place { file, end, .. }, unread, .. } = self;
                // A heartbeat may have been left out before: count back from the end.
                let start =
                    if *end > start { end.saturating_sub(u64::from(header.size)).max(start) } else { *end };
                let event = |body| RawEvent { header, body, file, start, end: *end };
                return Ok(Some(match unread {
                    Some(unread) => {
                        Arrival { event: event(&[]), large: Some(LargeBody { packets, channel, unread }) }
                    }
                    None => {
                        let content = packets.content().get(1..).unwrap_or_default();
                        Arrival { event: event(&content[body]), large: None }
                    }
                }));
            }
        }
    }

    /// Finds the next event.
    fn locate(&mut self) -> Result<Located, WireError> {
        if !self.packets.begin(&mut self.channel)? {
            if let Some(header) = self.large()? {
                return Ok(Located::Large(header));
            }
            self.packets.collect(&mut self.channel)?;
        }
        match self.packets.content() {
            [0x00, event @ ..] => {
                let (header, body) = self.framing.locate(event)?;
                Ok(Located::Whole(header, body))
            }
            [0xfe, rest @ ..] if rest.len() < 8 => Ok(Located::End),
            error @ [0xff, ..] => Err(server_error(error)),
            other => {
                let detail = format!("{} bytes that start with {:02x?}", other.len(), other.first());
                Err(WireError::malformed("event packet", detail))
            }
        }
    }

    /// Takes the front off a packet that does not fit the buffer, where it is a compressed transaction: what that stands for
    /// is read one event after another anyway.
    fn large(&mut self) -> Result<Option<EventHeader>, WireError> {
        let front = self.packets.front::<FRONT>(&mut self.channel)?;
        let [0x00, event @ ..] = &front else { return Ok(None) };
        let header = EventHeader::read(event).filter(|header| header.kind == kind::TRANSACTION_PAYLOAD);
        let (Some(header), Some(has_checksum)) = (header, self.framing.has_checksum()) else {
            return Ok(None);
        };
        let Self { packets, channel, unread, .. } = self;
        *unread = Some(Unread::behind_header(&header, has_checksum, packets, channel)?);
        Ok(Some(header))
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

#[cfg(test)]
mod tests {
    use super::*;
    fn xid(log_pos: u32) -> EventHeader {
        EventHeader { timestamp: 0, kind: kind::XID, server_id: 1, size: 16, log_pos, flags: 0 }
    }

    #[test]
    fn a_start_beyond_4_gib_skips_up_to_it_within_its_file_only() {
        let request = DumpRequest {
            server_id: 1,
            start: DumpStart::File { name: "b.1".into(), position: 0x1_0000_0100 },
            heartbeat: Duration::from_secs(1),
            patience: Duration::from_secs(3),
            until_end: false,
        };
        let (_, mut place) = dump_command(&request, Product::Mysql);
        place.end = 0x1_0000_00f0;
        let row = xid(0x100);
        place.pass(&row, &[]).unwrap();
        assert!(place.is_skipped(&row));
        place.pass(&xid(0x110), &[]).unwrap();
        assert!(!place.is_skipped(&row));
        place.pass(&EventHeader { kind: kind::ROTATE, ..xid(0x120) }, b"\x04\0\0\0\0\0\0\0b.2").unwrap();
        assert!(!place.is_skipped(&row));
    }

    /// An event that ends at an offset of its file, with its checksum, as a packet.
    fn packet(kind: u8, end: u64, body: &[u8]) -> Vec<u8> {
        let size = 19 + body.len() + 4;
        let mut event = vec![0, 0, 0, 0, kind, 1, 0, 0, 0];
        event.extend((size as u32).to_le_bytes());
        event.extend((end as u32).to_le_bytes());
        event.extend([0; 2]);
        event.extend(body);
        event.extend(crc32fast::hash(&event).to_le_bytes());
        let [a, b, c, _] = (event.len() as u32 + 1).to_le_bytes();
        [&[a, b, c, 0, 0][..], &event].concat()
    }

    /// A stream of packets from a server that sends them and no more.
    fn stream(sent: Vec<u8>, end: u64) -> EventStream {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let channel = Channel::connect("127.0.0.1", port, Duration::from_secs(10)).unwrap();
        std::thread::spawn(move || std::io::Write::write_all(&mut listener.accept().unwrap().0, &sent));
        EventStream {
            channel,
            packets: Packets::new(Duration::from_secs(10)),
            framing: Framing::default(),
            place: Place { file: "b.1".into(), end, skip_to: 0 },
            unread: None,
        }
    }

    #[test]
    fn a_transaction_goes_on_beyond_4_gib_and_a_large_event_in_it_is_read_in_parts_or_passed_over() {
        const START: u64 = 0xFFFF_F000;
        const LARGE: usize = 700_000;
        let ends = [1_000, LARGE as u64 + 23, 31].iter().scan(START, |end, size| {
            *end += size;
            Some(*end)
        });
        let ends: Vec<u64> = ends.collect();
        // What the algorithm of the checksum is stands five bytes from the end.
        let mut description = vec![0; 60];
        description.push(1);
        let sent = [
            packet(kind::FORMAT_DESCRIPTION, 0, &description),
            packet(kind::QUERY, ends[0], &[7; 977]),
            packet(kind::TRANSACTION_PAYLOAD, ends[1], &[8; LARGE]),
            packet(kind::XID, ends[2], &[9; 8]),
        ]
        .concat();
        for read in [0, 1_000, LARGE] {
            let mut stream = stream(sent.clone(), START);
            assert_eq!(stream.next_event().unwrap().unwrap().header.kind, kind::FORMAT_DESCRIPTION);
            let query = stream.next_event().unwrap().unwrap();
            assert_eq!((query.start, query.end, query.body.len()), (START, ends[0], 977));
            let Arrival { event, large } = stream.next_arrival().unwrap().unwrap();
            assert_eq!((event.start, event.end, event.body.len()), (ends[0], ends[1], 0));
            let mut body = vec![0; read];
            std::io::Read::read_exact(&mut large.expect("it is large"), &mut body).unwrap();
            assert!(body.iter().all(|byte| *byte == 8));
            let xid = stream.next_event().unwrap().unwrap();
            assert_eq!((xid.header.kind, xid.start, xid.end, xid.file), (kind::XID, ends[1], ends[2], "b.1"));
            assert!(matches!(stream.next_event(), Err(WireError::Closed)));
        }
    }
}
