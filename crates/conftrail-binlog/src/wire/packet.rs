//! MySQL packets: found in place in one large buffer; only what spans 16 MB chunks is put together elsewhere.

use std::io::{self, Read, Write};
use std::ops::Range;
use std::time::Duration;

use super::WireError;

/// Bytes asked of the socket at a time.
const BUFFER: usize = 512 * 1024;
/// A chunk of this size is followed by another one of the same packet.
const FULL_CHUNK: usize = 0xFF_FFFF;
/// Room for packets that do not fit the buffer is kept up to this size.
const KEPT: usize = 2 * FULL_CHUNK;
/// The largest packet MySQL knows (`max_allowed_packet`): 1 GiB, and the header of what it carries.
const LARGEST: usize = (1 << 30) + 1024;

/// What of a packet is still to come.
#[derive(Clone, Copy, Debug, Default)]
struct Unread {
    /// Bytes of the chunk being read.
    chunk: usize,
    /// Whether another chunk follows it.
    goes_on: bool,
}

impl Unread {
    fn chunk(length: usize) -> Self {
        Self { chunk: length, goes_on: length == FULL_CHUNK }
    }
}

/// Reads and writes packets.
#[derive(Debug)]
pub(super) struct Packets {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// A packet of several chunks, or of one that does not fit the buffer.
    large: Vec<u8>,
    /// Where the packet read last lies: in the buffer, or in `large` when none.
    last: Option<Range<usize>>,
    /// What of a packet that was begun is still to come.
    unread: Unread,
    sequence: u8,
    patience: Duration,
    limit: usize,
}

impl Packets {
    /// `patience` is the read timeout set on the channel, for the error's text.
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            large: Vec::new(),
            last: Some(0..0),
            unread: Unread::default(),
            sequence: 0,
            patience,
            limit: LARGEST,
        }
    }

    pub(super) fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Says whether bytes lie in the buffer that no packet was made of.
    pub(super) fn has_leftover(&self) -> bool {
        self.start < self.end
    }

    /// Says whether the next packet can be had without waiting for the server.
    pub(super) fn has_next(&self) -> bool {
        let Some([a, b, c, _]) = self.buffer[self.start..self.end].first_chunk::<4>() else { return false };
        let length = u32::from_le_bytes([*a, *b, *c, 0]) as usize;
        length < FULL_CHUNK && self.end - self.start >= 4 + length
    }

    /// Returns the next packet's content.
    pub(super) fn next(&mut self, channel: &mut impl Read) -> Result<&[u8], WireError> {
        self.advance(channel)?;
        Ok(self.content())
    }

    /// Returns the content of the packet that was read last.
    pub(super) fn content(&self) -> &[u8] {
        match &self.last {
            Some(range) => &self.buffer[range.clone()],
            None => &self.large,
        }
    }

    /// Reads the next packet.
    pub(super) fn advance(&mut self, channel: &mut impl Read) -> Result<(), WireError> {
        if self.begin(channel)? { Ok(()) } else { self.collect(channel) }
    }

    /// Begins the next packet and says whether that was all of it: what does not fit the buffer can be collected, or read
    /// in parts.
    pub(super) fn begin(&mut self, channel: &mut impl Read) -> Result<bool, WireError> {
        self.last = Some(0..0);
        if self.large.capacity() > KEPT {
            // A rare giant does not keep its memory for ever.
            self.large = Vec::new();
        }
        let length = self.header(channel)?;
        if length <= BUFFER - 4 {
            self.fill(channel, length)?;
            self.last = Some(self.start..self.start + length);
            self.start += length;
            return Ok(true);
        }
        self.unread = Unread::chunk(length);
        Ok(false)
    }

    /// Returns the first bytes of a packet that was begun and is not all there.
    pub(super) fn front<const N: usize>(&mut self, channel: &mut impl Read) -> Result<[u8; N], WireError> {
        self.fill(channel, N)?;
        let front = self.buffer[self.start..].first_chunk();
        Ok(*front.expect("`fill` has put as many there"))
    }

    /// Puts together a packet that was begun and is not all there.
    pub(super) fn collect(&mut self, channel: &mut impl Read) -> Result<(), WireError> {
        self.large.clear();
        loop {
            let known = self.large.len();
            let length = self.unread.chunk;
            if known + length > self.limit {
                return Err(WireError::TooLarge { limit: self.limit });
            }
            let buffered = length.min(self.end - self.start);
            self.large.extend_from_slice(&self.buffer[self.start..self.start + buffered]);
            self.start += buffered;
            self.large.resize(known + length, 0);
            let mut at = known + buffered;
            while at < known + length {
                at += read_some(channel, &mut self.large[at..], self.patience)?;
            }
            if !self.unread.goes_on {
                self.unread = Unread::default();
                self.last = None;
                return Ok(());
            }
            self.unread = Unread::chunk(self.header(channel)?);
        }
    }

    /// Reads on in a packet that was begun and is not all there; 0 at its end.
    pub(super) fn read_part(&mut self, channel: &mut impl Read, into: &mut [u8]) -> Result<usize, WireError> {
        while self.unread.chunk == 0 {
            if !self.unread.goes_on {
                return Ok(0);
            }
            self.unread = Unread::chunk(self.header(channel)?);
        }
        let wanted = into.len().min(self.unread.chunk);
        let buffered = wanted.min(self.end - self.start);
        let count = if buffered > 0 {
            into[..buffered].copy_from_slice(&self.buffer[self.start..self.start + buffered]);
            self.start += buffered;
            buffered
        } else {
            read_some(channel, &mut into[..wanted], self.patience)?
        };
        self.unread.chunk -= count;
        Ok(count)
    }

    /// Takes a chunk's header and returns the chunk's length.
    fn header(&mut self, channel: &mut impl Read) -> Result<usize, WireError> {
        self.fill(channel, 4)?;
        let header = &self.buffer[self.start..self.start + 4];
        let length = u32::from_le_bytes([header[0], header[1], header[2], 0]) as usize;
        self.sequence = header[3].wrapping_add(1);
        self.start += 4;
        Ok(length)
    }

    /// Reads until `wanted` bytes, at most the buffer's size, lie in the buffer.
    fn fill(&mut self, channel: &mut impl Read, wanted: usize) -> Result<(), WireError> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.start + wanted > BUFFER {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        while self.end - self.start < wanted {
            self.end += read_some(channel, &mut self.buffer[self.end..], self.patience)?;
        }
        Ok(())
    }

    /// Starts a new command: its packet has the number 0.
    pub(super) fn begin_command(&mut self) {
        self.sequence = 0;
    }

    /// Writes a packet with the next number.
    pub(super) fn write(&mut self, channel: &mut impl Write, content: &[u8]) -> Result<(), WireError> {
        let length = u32::try_from(content.len()).ok().filter(|length| (*length as usize) < FULL_CHUNK);
        let Some(length) = length else { return Err(WireError::TooLarge { limit: FULL_CHUNK - 1 }) };
        let [a, b, c, _] = length.to_le_bytes();
        let mut packet = Vec::with_capacity(4 + content.len());
        packet.extend_from_slice(&[a, b, c, self.sequence]);
        packet.extend_from_slice(content);
        self.sequence = self.sequence.wrapping_add(1);
        channel.write_all(&packet).and_then(|()| channel.flush()).map_err(WireError::from_io)
    }
}

fn read_some(channel: &mut impl Read, into: &mut [u8], patience: Duration) -> Result<usize, WireError> {
    loop {
        match channel.read(into) {
            Ok(0) => return Err(WireError::Closed),
            Ok(count) => return Ok(count),
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted => {}
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                    return Err(WireError::Silent(patience));
                }
                _ => return Err(WireError::from_io(error)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out bytes in pieces of the given size.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(into.len()).min(self.0.len());
            let (now, later) = self.0.split_at(count);
            into[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    fn packet(content: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut chunks = content.chunks(FULL_CHUNK).chain([&[][..]; 1]).peekable();
        while let Some(chunk) = chunks.next() {
            let is_last_and_not_needed = chunks.peek().is_none() && !content.len().is_multiple_of(FULL_CHUNK);
            if is_last_and_not_needed {
                break;
            }
            let [a, b, c, _] = (chunk.len() as u32).to_le_bytes();
            bytes.extend_from_slice(&[a, b, c, 0]);
            bytes.extend_from_slice(chunk);
        }
        bytes
    }

    #[test]
    fn packets_of_every_size_come_out_as_they_went_in() {
        let sizes =
            [1, 3, 70_000, BUFFER - 4, BUFFER - 3, BUFFER, FULL_CHUNK - 1, FULL_CHUNK, 2 * FULL_CHUNK, 9];
        let contents: Vec<Vec<u8>> =
            sizes.iter().map(|size| (0..*size).map(|at| at as u8).collect()).collect();
        let bytes: Vec<u8> = contents.iter().flat_map(|content| packet(content)).collect();
        for piece in [1_000, 16_384, usize::MAX] {
            let mut channel = Trickle(&bytes, piece);
            let mut packets = Packets::new(Duration::from_secs(1));
            for content in &contents {
                assert_eq!(packets.next(&mut channel).unwrap(), content);
            }
            assert!(matches!(packets.next(&mut channel), Err(WireError::Closed)));
        }
    }

    #[test]
    fn a_packet_cut_short_is_a_closed_connection_wherever_it_is_cut() {
        let bytes = packet(&[7; 300]);
        for length in 0..bytes.len() {
            let mut packets = Packets::new(Duration::from_secs(1));
            let outcome = packets.next(&mut Trickle(&bytes[..length], 100)).map(<[u8]>::len);
            assert!(matches!(outcome, Err(WireError::Closed)), "{length}");
        }
    }

    #[test]
    fn a_packet_beyond_the_limit_is_refused_before_it_is_buffered() {
        let bytes = packet(&vec![7; 2 * FULL_CHUNK + 5]);
        let mut packets = Packets::new(Duration::from_secs(1));
        packets.limit = 2 * FULL_CHUNK;
        let outcome = packets.next(&mut Trickle(&bytes, usize::MAX)).map(<[u8]>::len);
        assert!(matches!(outcome, Err(WireError::TooLarge { limit }) if limit == 2 * FULL_CHUNK));
        assert_eq!(packets.large.len(), 2 * FULL_CHUNK);
    }

    #[test]
    fn a_packet_is_read_in_parts_from_chunk_to_chunk_and_the_next_one_follows() {
        for size in [BUFFER, FULL_CHUNK - 1, FULL_CHUNK, FULL_CHUNK + 1, 2 * FULL_CHUNK] {
            let content: Vec<u8> = (0..size).map(|at| at as u8).collect();
            let bytes = [packet(&content), packet(b"next")].concat();
            let mut channel = Trickle(&bytes, 300_000);
            let mut packets = Packets::new(Duration::from_secs(1));
            assert!(!packets.begin(&mut channel).unwrap());
            assert_eq!(packets.front::<5>(&mut channel).unwrap(), content[..5]);
            let (mut read, mut part) = (Vec::new(), vec![0; 70_001]);
            loop {
                match packets.read_part(&mut channel, &mut part).unwrap() {
                    0 => break,
                    count => read.extend_from_slice(&part[..count]),
                }
            }
            assert!(read == content, "{size}");
            assert!(packets.large.is_empty());
            assert_eq!(packets.next(&mut channel).unwrap(), b"next");
        }
    }

    #[test]
    fn a_giant_does_not_keep_its_memory() {
        let bytes = [packet(&vec![7; 3 * FULL_CHUNK]), packet(b"next")].concat();
        let mut channel = Trickle(&bytes, usize::MAX);
        let mut packets = Packets::new(Duration::from_secs(1));
        packets.advance(&mut channel).unwrap();
        assert_eq!(packets.content().len(), 3 * FULL_CHUNK);
        assert_eq!(packets.next(&mut channel).unwrap(), b"next");
        assert!(packets.large.capacity() <= KEPT);
    }
}
