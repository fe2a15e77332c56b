//! The bytes' way: TCP, with or without TLS on it.
//!
//! Blocking, on a thread of its own: the reader decodes what it reads, and decoding is work for a core, not for the
//! async threads.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::WireError;

/// A connection to the server.
#[derive(Debug)]
pub(super) enum Channel {
    Plain(TcpStream),
    Secure(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// Ends a connection from another thread; whoever reads from it wakes up.
#[derive(Debug)]
pub struct Closer(TcpStream);

impl Closer {
    /// Ends the connection; a connection that has ended stays so.
    pub fn close(&self) {
        let _already_ended = self.0.shutdown(Shutdown::Both);
    }
}

impl Channel {
    pub(super) fn connect(host: &str, port: u16, timeout: Duration) -> Result<Self, WireError> {
        let address = format!("{host}:{port}");
        let failed = |source| WireError::Connect { address: address.clone(), source };
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for candidate in (host, port).to_socket_addrs().map_err(failed)? {
            match TcpStream::connect_timeout(&candidate, timeout) {
                Ok(stream) => {
                    stream.set_nodelay(true).map_err(failed)?;
                    stream.set_write_timeout(Some(timeout)).map_err(failed)?;
                    stream.set_read_timeout(Some(timeout)).map_err(failed)?;
                    return Ok(Self::Plain(stream));
                }
                Err(error) => last = error,
            }
        }
        Err(failed(last))
    }

    /// Puts TLS on the connection and completes its handshake.
    pub(super) fn secure(self, host: &str, config: Arc<ClientConfig>) -> Result<Self, WireError> {
        let Self::Plain(mut stream) = self else { return Ok(self) };
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| WireError::Tls(rustls::Error::General(error.to_string())))?;
        let mut connection = ClientConnection::new(config, name).map_err(WireError::Tls)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut stream).map_err(WireError::from_io)?;
        }
        Ok(Self::Secure(Box::new(StreamOwned::new(connection, stream))))
    }

    pub(super) fn is_secure(&self) -> bool {
        matches!(self, Self::Secure(_))
    }

    pub(super) fn set_read_timeout(&self, timeout: Duration) -> Result<(), WireError> {
        self.stream().set_read_timeout(Some(timeout)).map_err(WireError::Io)
    }

    pub(super) fn closer(&self) -> Result<Closer, WireError> {
        self.stream().try_clone().map(Closer).map_err(WireError::Io)
    }

    fn stream(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Secure(secure) => secure.get_ref(),
        }
    }
}

impl Read for Channel {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(into),
            Self::Secure(secure) => secure.read(into),
        }
    }
}

impl Write for Channel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Secure(secure) => secure.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Secure(secure) => secure.flush(),
        }
    }
}
