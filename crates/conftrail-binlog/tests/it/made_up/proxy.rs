//! A proxy in front of a real server that changes events of its binlog on their way.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Changes an event, header first and without its checksum; says whether it did. The event may get another length; one of which
/// nothing is left becomes the end of the dump.
type Change = Arc<Mutex<dyn FnMut(&mut Vec<u8>) -> bool + Send>>;

/// Bytes of an event's header and of its checksum.
const HEADER: usize = 19;
const CHECKSUM: usize = 4;
/// Where its size stands in its header.
const SIZE: usize = 9;

/// Passes on everything between clients and one server; it ends when dropped.
pub(super) struct Proxy {
    pub(super) port: u16,
    _connections: JoinSet<()>,
}

impl Proxy {
    /// Starts in front of a server whose binlog has checksums.
    pub(super) async fn start(
        server: u16,
        change: impl FnMut(&mut Vec<u8>) -> bool + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let change: Change = Arc::new(Mutex::new(change));
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", server)).await.expect("the server listens");
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                open.spawn(pass_on(from_client, to_server));
                open.spawn(pass_on_changed(from_server, to_client, change.clone()));
            }
        });
        Self { port, _connections: connections }
    }
}

/// An end that went away ends the connection; who is connected notices.
async fn pass_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let _ended = tokio::io::copy(&mut from, &mut to).await;
}

async fn pass_on_changed(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, change: Change) {
    let mut head = [0; 4];
    while from.read_exact(&mut head).await.is_ok() {
        let [a, b, c, _sequence] = head;
        let mut content = vec![0; u32::from_le_bytes([a, b, c, 0]) as usize];
        if from.read_exact(&mut content).await.is_err() {
            return;
        }
        if let Some(mut event) = event(&content)
            && change.lock().expect("no test panics in it")(&mut event)
        {
            if event.is_empty() {
                let _ended = to.write_all(&[5, 0, 0, head[3], 0xfe, 0, 0, 2, 0]).await;
                return;
            }
            let size = u32::try_from(event.len() + CHECKSUM).expect("a small event");
            event[SIZE..SIZE + 4].copy_from_slice(&size.to_le_bytes());
            let checksum = crc32fast::hash(&event).to_le_bytes();
            content = [&[0], &event[..], &checksum].concat();
            head[..3].copy_from_slice(&(size + 1).to_le_bytes()[..3]);
        }
        let packet = [&head[..], &content].concat();
        if to.write_all(&packet).await.is_err() {
            return;
        }
    }
}

/// The event in a packet of a dump, without its checksum: behind a zero, and as long as it says.
fn event(content: &[u8]) -> Option<Vec<u8>> {
    let (0, event) = content.split_first().map(|(first, rest)| (*first, rest))? else { return None };
    let size = u32::from_le_bytes(event.get(SIZE..SIZE + 4)?.try_into().ok()?);
    let is_event = size as usize == event.len() && event.len() > HEADER + CHECKSUM;
    is_event.then(|| event[..event.len() - CHECKSUM].to_vec())
}
