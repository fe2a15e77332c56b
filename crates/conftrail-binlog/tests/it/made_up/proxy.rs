//! A proxy in front of a real server that changes events of its binlog on their way.

use crate::packets::PacketProxy;

/// Bytes of an event's header and of its checksum.
const HEADER: usize = 19;
const CHECKSUM: usize = 4;
/// Where its size stands in its header.
const SIZE: usize = 9;
/// The packet that ends a dump.
const END: [u8; 5] = [0xfe, 0, 0, 2, 0];

/// Starts in front of a server whose binlog has checksums. `change` changes an event, header first and without its checksum, and
/// says whether it did. The event may get another length; one of which nothing is left becomes the end of the dump.
pub(super) async fn start(
    server: u16,
    mut change: impl FnMut(&mut Vec<u8>) -> bool + Send + 'static,
) -> PacketProxy {
    let of_server = move |content: &mut Vec<u8>| {
        let Some(mut event) = event(content) else { return true };
        if !change(&mut event) {
            return true;
        }
        if event.is_empty() {
            *content = END.to_vec();
            return false;
        }
        let size = u32::try_from(event.len() + CHECKSUM).expect("a small event");
        event[SIZE..SIZE + 4].copy_from_slice(&size.to_le_bytes());
        let checksum = crc32fast::hash(&event).to_le_bytes();
        *content = [&[0], &event[..], &checksum].concat();
        true
    };
    PacketProxy::start(server, |_| true, of_server).await
}

/// The event in a packet of a dump, without its checksum: behind a zero, and as long as it says.
fn event(content: &[u8]) -> Option<Vec<u8>> {
    let (0, event) = content.split_first().map(|(first, rest)| (*first, rest))? else { return None };
    let size = u32::from_le_bytes(event.get(SIZE..SIZE + 4)?.try_into().ok()?);
    let is_event = size as usize == event.len() && event.len() > HEADER + CHECKSUM;
    is_event.then(|| event[..event.len() - CHECKSUM].to_vec())
}
