//! A plain connection that hands out one line at a time.
//!
//! lettre reads the plain phase through a buffer that it keeps over STARTTLS. Whoever can change packets could put
//! answers behind the server's `220` (CVE-2011-0411): lettre would take them for answers that came over TLS, and a
//! mail that nobody got would count as sent. With one line at a time such bytes stay in the connection, where the TLS
//! handshake meets and refuses them.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// How far a read looks for the end of a line.
const LOOK_AHEAD: usize = 1024;

/// Never reads past the end of a line.
#[derive(Debug)]
pub(crate) struct LineStream(pub(crate) TcpStream);

impl AsyncRead for LineStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut ahead = [0; LOOK_AHEAD];
        let room = buffer.remaining().min(LOOK_AHEAD);
        let mut look = ReadBuf::new(&mut ahead[..room]);
        let seen = ready!(self.0.poll_peek(context, &mut look))?;
        let line_end = look.filled().iter().position(|byte| *byte == b'\n');
        let take = line_end.map_or(seen, |end| end + 1);
        let mut line = ReadBuf::new(&mut ahead[..take]);
        ready!(Pin::new(&mut self.0).poll_read(context, &mut line))?;
        buffer.put_slice(line.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LineStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

impl AsyncTokioStream for LineStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }
}
