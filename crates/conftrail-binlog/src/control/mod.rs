//! Control queries: what is asked of the server beside the dump.

mod client;
mod error;
mod facts;
mod listing;
mod log;
mod rights;
mod sessions;
mod tables;

pub use client::Control;
pub use error::ControlError;
pub use facts::{MariadbFacts, MysqlFacts, OwnFacts, ServerFacts};
pub use listing::{FullName, TableName};
pub use log::{LogEnd, LogFile};
