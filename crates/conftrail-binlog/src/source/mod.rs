//! The source: configuration, position, the state machine over the binlog's events, and the port.

mod config;
mod error;
mod filter;
mod position;
mod start;
mod url;

pub use config::{ActorConfig, Config};
pub use filter::{InvalidPattern, TableFilter};
pub use start::{InvalidStart, Start};
pub use url::{InvalidUrl, Url};
