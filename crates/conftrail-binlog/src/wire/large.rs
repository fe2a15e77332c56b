//! The body of an event that is too large to be held: read in parts, as it comes.

use std::io::{self, Read};

use crc32fast::Hasher;

use super::WireError;
use super::channel::Channel;
use super::event::{CHECKSUM, EventHeader, HEADER};
use super::packet::Packets;

/// The first bytes of an event packet: its mark, and the common header.
pub(super) const FRONT: usize = 1 + HEADER;

/// What is left of an event's body, and what was found about it.
#[derive(Debug)]
pub(super) struct Unread {
    /// Bytes of the body that were not read yet.
    body: u64,
    /// What was read so far, where a checksum follows the body.
    hasher: Option<Hasher>,
    /// Why reading failed.
    failure: Option<WireError>,
}

impl Unread {
    /// Takes the front off an event packet that was begun, and returns what follows it.
    pub(super) fn behind_header(
        header: &EventHeader,
        has_checksum: bool,
        packets: &mut Packets,
        channel: &mut impl Read,
    ) -> Result<Self, WireError> {
        let around = HEADER + if has_checksum { CHECKSUM } else { 0 };
        let short = || WireError::malformed("event", format!("{} bytes", header.size));
        let body = (header.size as usize).checked_sub(around).ok_or_else(short)? as u64;
        let mut front = [0; FRONT];
        fill(&mut front, packets, channel)?;
        let hasher = has_checksum.then(|| {
            let mut hasher = Hasher::new();
            hasher.update(&front[1..]);
            hasher
        });
        Ok(Self { body, hasher, failure: None })
    }

    fn read(
        &mut self,
        into: &mut [u8],
        packets: &mut Packets,
        channel: &mut impl Read,
    ) -> Result<usize, WireError> {
        let wanted = into.len().min(usize::try_from(self.body).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let count = packets.read_part(channel, &mut into[..wanted])?;
        if count == 0 {
            return Err(WireError::malformed("event", "it ends before the size that its header says"));
        }
        self.body -= count as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&into[..count]);
        }
        Ok(count)
    }

    /// Reads to the end of the event and compares its checksum.
    pub(super) fn finish(&mut self, packets: &mut Packets, channel: &mut impl Read) -> Result<(), WireError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let mut rest = vec![0; 64 << 10];
        while self.read(&mut rest, packets, channel)? > 0 {}
        if let Some(hasher) = self.hasher.take() {
            let mut checksum = [0; CHECKSUM];
            fill(&mut checksum, packets, channel)?;
            if hasher.finalize() != u32::from_le_bytes(checksum) {
                return Err(WireError::malformed("event", "the checksum of a large event is wrong"));
            }
        }
        match packets.read_part(channel, &mut rest)? {
            0 => Ok(()),
            _ => Err(WireError::malformed("event", "it goes on behind the size that its header says")),
        }
    }
}

fn fill(into: &mut [u8], packets: &mut Packets, channel: &mut impl Read) -> Result<(), WireError> {
    let mut at = 0;
    while at < into.len() {
        match packets.read_part(channel, &mut into[at..])? {
            0 => return Err(WireError::malformed("event", "its packet is cut short")),
            count => at += count,
        }
    }
    Ok(())
}

/// Reads the body of a large event; what is not read is passed over when the next event is asked for.
#[derive(Debug)]
pub struct LargeBody<'a> {
    pub(super) packets: &'a mut Packets,
    pub(super) channel: &'a mut Channel,
    pub(super) unread: &'a mut Unread,
}

impl LargeBody<'_> {
    /// Reads to the end of the event.
    ///
    /// # Errors
    /// When its checksum is wrong; what ended the connection, also where reading met it before.
    pub fn finish(self) -> Result<(), WireError> {
        self.unread.finish(self.packets, self.channel)
    }
}

impl Read for LargeBody<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.unread.read(into, self.packets, self.channel).map_err(|error| {
            let said = io::Error::other(error.to_string());
            self.unread.failure = Some(error);
            said
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::wire::kind;

    /// Above what the packets' buffer holds.
    const BODY: usize = 700_000;

    /// A packet with an event of a body, a checksum over it, and bytes behind that.
    fn packet(body: &[u8], behind: &[u8]) -> Vec<u8> {
        let size = HEADER + body.len() + CHECKSUM;
        let mut event = vec![0; 4];
        event.push(kind::TRANSACTION_PAYLOAD);
        event.extend(1_u32.to_le_bytes());
        event.extend((size as u32).to_le_bytes());
        event.extend([0; 6]);
        event.extend(body);
        let checksum = crc32fast::hash(&event);
        event.extend(checksum.to_le_bytes());
        event.extend(behind);
        let [a, b, c, _] = (event.len() as u32 + 1).to_le_bytes();
        [&[a, b, c, 0, 0][..], &event].concat()
    }

    /// Reads an event's body up to `wanted` bytes, then the rest of the event.
    fn read(mut sent: &[u8], wanted: u64) -> Result<Vec<u8>, WireError> {
        let mut packets = Packets::new(Duration::from_secs(1));
        assert!(!packets.begin(&mut sent)?);
        let front = packets.front::<FRONT>(&mut sent)?;
        let header = EventHeader::read(&front[1..]).expect("a header");
        let mut unread = Unread::behind_header(&header, true, &mut packets, &mut sent)?;
        let mut body = Vec::new();
        let mut part = [0; 10_000];
        while (body.len() as u64) < wanted {
            match unread.read(&mut part, &mut packets, &mut sent)? {
                0 => break,
                count => body.extend_from_slice(&part[..count]),
            }
        }
        unread.finish(&mut packets, &mut sent).map(|()| body)
    }

    #[test]
    fn a_body_comes_whole_and_what_is_not_read_is_passed_over() {
        let body: Vec<u8> = (0..BODY).map(|at| at as u8).collect();
        let sent = packet(&body, b"");
        assert!(read(&sent, u64::MAX).unwrap() == body);
        assert_eq!(read(&sent, 20_000).unwrap(), body[..20_000]);
        assert!(read(&sent, 0).unwrap().is_empty());
    }

    #[test]
    fn a_wrong_checksum_a_wrong_size_and_an_early_end_are_errors() {
        let sent = packet(&[7; BODY], b"");
        for at in [30, 400_000, sent.len() - 1] {
            let mut damaged = sent.clone();
            damaged[at] ^= 1;
            assert!(matches!(read(&damaged, u64::MAX), Err(WireError::Malformed { .. })), "{at}");
        }
        assert!(matches!(read(&packet(&[7; BODY], b"more"), u64::MAX), Err(WireError::Malformed { .. })));
        for length in [BODY / 2, sent.len() - 1] {
            assert!(matches!(read(&sent[..length], u64::MAX), Err(WireError::Closed)), "{length}");
        }
    }
}
