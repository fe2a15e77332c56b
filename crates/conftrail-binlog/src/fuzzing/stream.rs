//! What a server sends during a dump: packets, the events in them, and the bodies that the source reads, compressed
//! transactions included.

use std::io::Read;

use crate::{source, wire};

/// Inputs up to this are also read in pieces.
const SHORT: usize = 1024;

/// Reads an input as packets, and as an event's type and body: the packets' lengths and checksums let little through.
///
/// # Panics
/// When packets that come in pieces hold other events than packets that come at once.
pub fn stream(input: &[u8]) {
    let mut whole = input;
    let events = wire::fuzzing::packets(&mut whole);
    if input.len() <= SHORT {
        for most in [1, 7] {
            let in_pieces = wire::fuzzing::packets(&mut Pieces { rest: input, most });
            assert_eq!(in_pieces, events, "in pieces of {most} bytes");
        }
    }
    if let Some((kind, body)) = input.split_first() {
        source::fuzzing::event_body(*kind, body);
    }
}

/// Gives a few bytes at a time, as a socket may.
struct Pieces<'a> {
    rest: &'a [u8],
    most: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = self.most.min(buffer.len());
        self.rest.read(buffer.get_mut(..most).unwrap_or_default())
    }
}
