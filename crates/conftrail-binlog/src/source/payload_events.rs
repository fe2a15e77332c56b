//! A compressed transaction's events, one by one.

use conftrail_core::PortResult;

use super::payload::Payload;
use super::position::Place;
use super::reader::Reader;
use crate::wire::{RawEvent, kind};

impl Reader {
    /// Takes in a compressed transaction, event by event.
    pub(super) fn payload(&mut self, event: &RawEvent<'_>) -> PortResult<()> {
        let mut inner = match Payload::open(event.body) {
            Ok(inner) => inner,
            Err(error) => {
                self.undecoded(event, &error.to_string());
                self.end(Place::end_of(event));
                return Ok(());
            }
        };
        loop {
            match inner.next_event() {
                Ok(Some((header, body))) => {
                    self.within(&RawEvent { header, body, ..*event })?;
                    if header.kind == kind::XID || self.transaction.is_none() {
                        break;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    self.undecoded(event, &error.to_string());
                    break;
                }
            }
        }
        self.end(Place::end_of(event));
        Ok(())
    }
}
