//! A door for [`crate::fuzzing`] to what comes from the server.

use std::io::Read;
use std::time::Duration;

use super::event::Framing;
use super::packet::Packets;
use super::place::Place;

/// Reads packets and the events in them from what a server may have sent, to the first error; returns how many events.
pub(crate) fn packets(sent: &mut impl Read) -> usize {
    let mut packets = Packets::new(Duration::ZERO);
    let mut framing = Framing::default();
    let mut place = Place::default();
    let mut events = 0;
    while packets.advance(sent).is_ok() {
        let Some((0, event)) = packets.content().split_first().map(|(first, event)| (*first, event)) else {
            return events;
        };
        let Ok((header, body)) = framing.locate(event) else { return events };
        if place.pass(&header, &event[body.clone()]).is_err() {
            return events;
        }
        crate::source::fuzzing::event_body(header.kind, &event[body]);
        events += 1;
    }
    events
}
