//! A compressed transaction's events, one by one.

use std::io::{self, BufRead, BufReader};

use conftrail_core::PortResult;

use super::payload::Payload;
use super::position::Place;
use super::reader::Reader;
use crate::wire::{LargeBody, RawEvent, kind};

/// Bytes asked of a large body at a time.
const READ_AT_ONCE: usize = 64 << 10;

impl Reader {
    /// Takes in a compressed transaction, event by event.
    pub(super) fn payload(&mut self, event: &RawEvent<'_>) -> PortResult<()> {
        let outcome = self.inner_events(event, event.body)?;
        self.end_payload(event, outcome);
        Ok(())
    }

    /// Takes in a compressed transaction that is too large to be held.
    pub(super) fn large_payload(&mut self, event: &RawEvent<'_>, mut body: LargeBody<'_>) -> PortResult<()> {
        let outcome = self.inner_events(event, BufReader::with_capacity(READ_AT_ONCE, &mut body))?;
        // A connection that ended is no damage: the transaction will be read again.
        body.finish()?;
        self.end_payload(event, outcome);
        Ok(())
    }

    /// Takes in the events and returns what stopped that, if anything did.
    fn inner_events(&mut self, event: &RawEvent<'_>, body: impl BufRead) -> PortResult<io::Result<()>> {
        let mut inner = match Payload::open(body) {
            Ok(inner) => inner,
            Err(error) => return Ok(Err(error)),
        };
        loop {
            match inner.next_event() {
                Ok(Some((header, body))) => {
                    // What a few bytes stand for may be more than memory holds.
                    if self.batch.is_full() {
                        self.hand_on()?;
                    }
                    self.within(&RawEvent { header, body, ..*event })?;
                    if header.kind == kind::XID || self.transaction.is_none() {
                        return Ok(Ok(()));
                    }
                }
                Ok(None) if self.transaction.as_ref().is_some_and(|open| !open.may_have_ended) => {
                    return Ok(Err(io::Error::other("the transaction's events have no end")));
                }
                Ok(None) => return Ok(Ok(())),
                Err(error) => return Ok(Err(error)),
            }
        }
    }

    fn end_payload(&mut self, event: &RawEvent<'_>, outcome: io::Result<()>) {
        if let Err(error) = outcome {
            self.undecoded(event, &error.to_string());
        }
        self.end(Place::end_of(event));
    }
}
