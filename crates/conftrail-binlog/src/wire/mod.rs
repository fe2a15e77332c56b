//! The dump connection: TCP and TLS, login, and the binlog's events as the server sends them.
//!
//! Source of the protocol: the MySQL source documentation, "Client/Server Protocol" and "Replication Protocol".

mod auth;
mod channel;
mod connection;
mod dump;
mod error;
mod event;
mod large;
mod packet;
mod place;
mod tls;

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

pub use channel::Closer;
pub use connection::{Connection, Target};
pub use dump::{Arrival, DumpRequest, DumpStart, EventStream};
pub use error::WireError;
pub use event::{EventHeader, RawEvent, kind};
pub use large::LargeBody;
pub use tls::{Tls, TlsMode};
