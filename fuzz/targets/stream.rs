//! What a server sends during a dump: packets, the events in them, and the bodies that the source reads, compressed
//! transactions included. Nothing of it panics.
#![no_main]

use conftrail_binlog::{source, wire};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    wire::fuzzing::packets(data);
    // Also without the frame, whose lengths and checksums let little through.
    if let Some((kind, body)) = data.split_first() {
        source::fuzzing::event_body(*kind, body);
    }
});
