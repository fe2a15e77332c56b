//! A proxy in front of a real server that changes what passes, packet by packet.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Changes what a packet holds, which may get another length; says whether the connection goes on behind it.
type Change = Arc<Mutex<dyn FnMut(&mut Vec<u8>) -> bool + Send>>;

/// Passes on everything between clients and one server; it ends when dropped.
pub(crate) struct PacketProxy {
    pub(crate) port: u16,
    _connections: JoinSet<()>,
}

impl PacketProxy {
    /// Starts in front of a server without TLS; each side's packets are changed by a closure of their own.
    pub(crate) async fn start(
        server: u16,
        of_client: impl FnMut(&mut Vec<u8>) -> bool + Send + 'static,
        of_server: impl FnMut(&mut Vec<u8>) -> bool + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let of_client: Change = Arc::new(Mutex::new(of_client));
        let of_server: Change = Arc::new(Mutex::new(of_server));
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", server)).await.expect("the server listens");
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                open.spawn(pass_on(from_client, to_server, of_client.clone()));
                open.spawn(pass_on(from_server, to_client, of_server.clone()));
            }
        });
        Self { port, _connections: connections }
    }
}

/// Passes on one packet after the other. An end that went away ends the connection; who is connected notices.
async fn pass_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, change: Change) {
    let mut head = [0; 4];
    while from.read_exact(&mut head).await.is_ok() {
        let [a, b, c, _sequence] = head;
        let mut content = vec![0; u32::from_le_bytes([a, b, c, 0]) as usize];
        if from.read_exact(&mut content).await.is_err() {
            return;
        }
        let goes_on = change.lock().expect("no test panics in it")(&mut content);
        let size = u32::try_from(content.len()).expect("a packet's size");
        head[..3].copy_from_slice(&size.to_le_bytes()[..3]);
        if to.write_all(&[&head[..], &content].concat()).await.is_err() || !goes_on {
            return;
        }
    }
}
