//! TRANSACTION_PAYLOAD: a transaction's events, compressed; read as a stream, never inflated whole.

use std::io::{self, BufRead, BufReader, Read};

use crate::cursor::Cursor;
use crate::wire::EventHeader;

/// Fields of the payload's header; source: MySQL, `libs/mysql/binlog/event/codecs/binary.cpp`.
mod field {
    pub(super) const END: u64 = 0;
    pub(super) const COMPRESSION: u64 = 2;
}

/// Compression algorithms; source: MySQL, `libs/mysql/binlog/event/compression/base.h`.
mod algorithm {
    pub(super) const ZSTD: u64 = 0;
    pub(super) const NONE: u64 = 255;
}

const HEADER: usize = 19;
/// A larger field of the payload's header is refused: each is one number.
const LARGEST_FIELD: u64 = 1 << 10;
/// A larger event is refused: 1 GiB is the largest packet, so none can come from a server.
const LARGEST_EVENT: usize = 1 << 30;

/// The inner events, one after another.
pub(super) struct Payload<'a> {
    content: Box<dyn Read + 'a>,
    event: Vec<u8>,
}

impl<'a> Payload<'a> {
    /// Reads the payload's own header.
    pub(super) fn open(mut body: impl BufRead + 'a) -> io::Result<Self> {
        let mut compression = algorithm::NONE;
        loop {
            let kind = length_encoded(&mut body)?;
            if kind == field::END {
                break;
            }
            let length = length_encoded(&mut body)?;
            if length > LARGEST_FIELD {
                return Err(io::Error::other("the transaction's header is damaged"));
            }
            let mut content = Vec::new();
            if body.by_ref().take(length).read_to_end(&mut content)? as u64 != length {
                return Err(cut_short());
            }
            if kind == field::COMPRESSION {
                compression = length_encoded(&mut content.as_slice())?;
            }
        }
        let content: Box<dyn Read + 'a> = match compression {
            algorithm::ZSTD => Box::new(BufReader::new(zstd::Decoder::with_buffer(body)?)),
            algorithm::NONE => Box::new(body),
            other => return Err(io::Error::other(format!("unknown compression {other}"))),
        };
        Ok(Self { content, event: Vec::new() })
    }

    /// Returns the next inner event; none at the end. Inner events carry no checksum and no place of their own.
    pub(super) fn next_event(&mut self) -> io::Result<Option<(EventHeader, &[u8])>> {
        self.event.clear();
        let got = self.content.by_ref().take(HEADER as u64).read_to_end(&mut self.event)?;
        if got == 0 {
            return Ok(None);
        }
        let header = EventHeader::read(&self.event).ok_or_else(cut_short)?;
        let rest = (header.size as usize).checked_sub(HEADER).filter(|rest| *rest <= LARGEST_EVENT);
        let rest = rest.ok_or_else(cut_short)?;
        if self.content.by_ref().take(rest as u64).read_to_end(&mut self.event)? != rest {
            return Err(cut_short());
        }
        Ok(Some((header, self.event.get(HEADER..).unwrap_or_default())))
    }
}

/// Reads a number as [`Cursor::length_encoded`] does.
fn length_encoded(content: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 9];
    let (first, behind) = bytes.split_at_mut(1);
    content.read_exact(first).map_err(whole)?;
    let count = match first {
        [0xfc] => 2,
        [0xfd] => 3,
        [0xfe] => 8,
        _ => 0,
    };
    content.read_exact(&mut behind[..count]).map_err(whole)?;
    Cursor::new(&bytes[..=count]).length_encoded().ok_or_else(cut_short)
}

/// Says of what ended early whose end that is.
fn whole(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof { cut_short() } else { error }
}

fn cut_short() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the transaction's events are cut short")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 4];
        bytes.push(kind);
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(((HEADER + body.len()) as u32).to_le_bytes());
        bytes.extend([0; 6]);
        bytes.extend(body);
        bytes
    }

    fn payload(compression: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![1, 1, content.len() as u8];
        if compression == 255 {
            bytes.extend([2, 3, 0xfc, 255, 0]);
        } else {
            bytes.extend([2, 1, compression]);
        }
        bytes.push(0);
        bytes.extend(content);
        bytes
    }

    fn kinds(body: &[u8]) -> io::Result<Vec<(u8, usize)>> {
        let mut payload = Payload::open(body)?;
        let mut kinds = Vec::new();
        while let Some((header, body)) = payload.next_event()? {
            kinds.push((header.kind, body.len()));
        }
        Ok(kinds)
    }

    #[test]
    fn inner_events_come_out_in_order_compressed_or_not() {
        let inner = [event(2, b"BEGIN"), event(30, &[7; 40_000]), event(16, &[0; 8])].concat();
        let compressed = zstd::encode_all(inner.as_slice(), 3).unwrap();
        let expected = [(2, 5), (30, 40_000), (16, 8)];
        assert_eq!(kinds(&payload(0, &compressed)).unwrap(), expected);
        assert_eq!(kinds(&payload(255, &inner)).unwrap(), expected);
    }

    #[test]
    fn damage_is_an_error_and_never_a_panic() {
        let inner = [event(2, b"BEGIN"), event(30, &[7; 400])].concat();
        let whole = payload(255, &inner);
        assert!(kinds(&payload(7, &inner)).is_err());
        assert!(kinds(&[9, 0xfe, 0, 0, 0, 0, 1, 0, 0, 0, 7]).is_err());
        assert!(kinds(&payload(0, &inner)).is_err());
        let complete = kinds(&whole).unwrap();
        for length in 0..whole.len() {
            assert_ne!(kinds(&whole[..length]).ok().as_ref(), Some(&complete), "{length}");
        }
    }
}
