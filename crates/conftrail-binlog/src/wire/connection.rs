//! A connection of our own: handshake, login, simple statements, and the start of a dump.

use std::collections::HashMap;
use std::time::Duration;

use conftrail_core::Secret;
use mysql_common::constants::CapabilityFlags;
use mysql_common::io::ParseBuf;
use mysql_common::packets::{AuthPlugin, HandshakePacket, HandshakeResponse, SslRequest};
use mysql_common::proto::MySerialize;

use super::auth::Login;
use super::channel::{Channel, Closer};
use super::packet::Packets;
use super::{Tls, WireError};
use crate::product::Product;

/// How long a server may take to answer while we connect and log in.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// `max_allowed_packet` as announced to the server: 1 GiB, its largest.
const MAX_ALLOWED_PACKET: u32 = 1 << 30;
/// utf8mb4_general_ci, the one that `HandshakeResponse` announces: the server refuses a login whose two packets differ.
const COLLATION: u8 = 45;
const COM_QUERY: u8 = 0x03;

/// What a connection needs to know.
#[derive(Clone, Debug)]
pub struct Target {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Login.
    pub user: String,
    /// Password; may be empty.
    pub password: Secret<String>,
    /// TLS settings.
    pub tls: Tls,
}

/// An open, logged-in connection. All methods block.
#[derive(Debug)]
pub struct Connection {
    pub(super) channel: Channel,
    pub(super) packets: Packets,
    server_version: String,
    id: u32,
}

impl Connection {
    /// Connects and logs in.
    ///
    /// # Errors
    /// Every failure of network, TLS and login.
    pub fn open(target: &Target) -> Result<Self, WireError> {
        let tls = target.tls.client()?;
        let mut channel = Channel::connect(&target.host, target.port, CONNECT_PATIENCE)?;
        let mut packets = Packets::new(CONNECT_PATIENCE);
        let greeting = Greeting::read(packets.next(&mut channel)?)?;
        let capabilities = greeting.capabilities(tls.is_some());
        if let Some(config) = tls {
            if !greeting.offered.contains(CapabilityFlags::CLIENT_SSL) {
                return Err(WireError::NoTls);
            }
            let request = SslRequest::new(capabilities, MAX_ALLOWED_PACKET, COLLATION);
            packets.write(&mut channel, &serialized(&request))?;
            if packets.has_leftover() {
                return Err(WireError::malformed("TLS handshake", "the server spoke before TLS was set up"));
            }
            channel = channel.secure(&target.host, config)?;
        }
        let mut login = Login::new(greeting.plugin, greeting.nonce.clone(), target)?;
        let answer = HandshakeResponse::new(
            Some(login.first_answer()?),
            (8, 0, 0),
            Some(target.user.as_bytes()),
            None::<&[u8]>,
            Some(login.plugin()),
            capabilities,
            Some(HashMap::from([("program_name".to_owned(), "conftrail".to_owned())])),
            MAX_ALLOWED_PACKET,
        );
        packets.write(&mut channel, &serialized(&answer))?;
        login.finish(&mut channel, &mut packets)?;
        Ok(Self { channel, packets, server_version: greeting.version, id: greeting.connection_id })
    }

    /// Returns the server's version, such as `8.4.13` or `10.11.18-MariaDB-log`.
    pub fn server_version(&self) -> &str {
        &self.server_version
    }

    /// Returns which product answers.
    pub fn product(&self) -> Product {
        Product::of_version(&self.server_version)
    }

    /// Returns the server's number for this connection.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Returns what ends this connection from another thread.
    ///
    /// # Errors
    /// When the operating system has no descriptor left.
    pub fn closer(&self) -> Result<Closer, WireError> {
        self.channel.closer()
    }

    /// Runs a statement that returns no rows.
    ///
    /// # Errors
    /// The server's, the connection's, or `Malformed` when rows come back.
    pub fn execute(&mut self, statement: &str) -> Result<(), WireError> {
        let mut command = Vec::with_capacity(statement.len() + 1);
        command.push(COM_QUERY);
        command.extend_from_slice(statement.as_bytes());
        self.command(&command)
    }

    /// Sends a command that is answered by OK or an error.
    pub(super) fn command(&mut self, command: &[u8]) -> Result<(), WireError> {
        self.send(command)?;
        let answer = self.packets.next(&mut self.channel)?;
        match answer.first() {
            Some(0x00) => Ok(()),
            Some(0xff) => Err(server_error(answer)),
            other => Err(WireError::malformed("answer to a command", format!("it starts with {other:02x?}"))),
        }
    }

    /// Sends a command.
    pub(super) fn send(&mut self, command: &[u8]) -> Result<(), WireError> {
        self.packets.begin_command();
        self.packets.write(&mut self.channel, command)
    }
}

/// The server's first packet.
struct Greeting {
    version: String,
    connection_id: u32,
    offered: CapabilityFlags,
    plugin: Option<AuthPlugin<'static>>,
    nonce: Vec<u8>,
}

impl Greeting {
    fn read(packet: &[u8]) -> Result<Self, WireError> {
        if packet.first() == Some(&0xff) {
            return Err(server_error(packet));
        }
        let handshake = ParseBuf(packet)
            .parse::<HandshakePacket<'_>>(())
            .map_err(|error| WireError::malformed("server greeting", error.to_string()))?;
        let offered = handshake.capabilities();
        if !offered.contains(CapabilityFlags::CLIENT_PROTOCOL_41 | CapabilityFlags::CLIENT_PLUGIN_AUTH) {
            return Err(WireError::malformed("server greeting", "the server is older than MySQL 5.5"));
        }
        Ok(Self {
            version: plain_version(&handshake.server_version_str()),
            connection_id: handshake.connection_id(),
            offered,
            plugin: handshake.auth_plugin().map(AuthPlugin::into_owned),
            nonce: handshake.nonce(),
        })
    }

    /// What we announce. Not among it: DEPRECATE_EOF, so that 0xfe below 9 bytes is an end; LOCAL INFILE; multiple
    /// statements.
    fn capabilities(&self, secure: bool) -> CapabilityFlags {
        let mut wanted = CapabilityFlags::CLIENT_PROTOCOL_41
            | CapabilityFlags::CLIENT_SECURE_CONNECTION
            | CapabilityFlags::CLIENT_LONG_PASSWORD
            | CapabilityFlags::CLIENT_LONG_FLAG
            | CapabilityFlags::CLIENT_TRANSACTIONS
            | CapabilityFlags::CLIENT_PLUGIN_AUTH
            | CapabilityFlags::CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA
            | CapabilityFlags::CLIENT_CONNECT_ATTRS;
        wanted &= self.offered;
        wanted.set(CapabilityFlags::CLIENT_SSL, secure);
        wanted
    }
}

/// MariaDB 10 says that it is MySQL 5.5.5 first, for replicas that know no version with two digits.
fn plain_version(version: &str) -> String {
    version.strip_prefix("5.5.5-").unwrap_or(version).to_owned()
}

fn serialized(packet: &impl MySerialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.serialize(&mut bytes);
    bytes
}

/// Reads an error packet: 0xff, number, `#` and SQL state, text.
pub(super) fn server_error(packet: &[u8]) -> WireError {
    let Some(([low, high], rest)) = packet.get(1..).and_then(<[u8]>::split_first_chunk::<2>) else {
        return WireError::malformed("error packet", format!("{} bytes", packet.len()));
    };
    let text = match rest.first() {
        Some(b'#') => rest.get(6..).unwrap_or_default(),
        _ => rest,
    };
    WireError::Server {
        code: u16::from_le_bytes([*low, *high]),
        message: String::from_utf8_lossy(text).into_owned(),
    }
}
