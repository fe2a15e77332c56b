//! The source: configuration, position, the state machine over the binlog's events, and the port.

mod attribute;
mod batch;
mod beside_rows;
mod clock;
mod compressed;
mod config;
mod context;
mod dialect;
mod editor;
mod endings;
mod error;
mod filter;
mod gtid_event;
mod handing_on;
mod history;
mod kept;
mod lookup;
mod open;
mod outcomes;
mod partial_row;
mod patience;
mod payload;
mod payload_events;
mod port;
mod position;
mod query_event;
mod reader;
mod resume;
mod rows;
mod savepoints;
mod schema_facts;
mod sight;
mod spent;
mod sql;
mod start;
mod statement;
mod statements;
mod status;
mod tables;
mod transaction;
mod url;
mod watermark;
mod working_tables;
mod xa;

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

pub use config::{ActorConfig, Config};
pub use filter::{InvalidPattern, NameCase, TableFilter};
pub use port::Source;

pub(crate) use open::made_up_id;
pub use start::{InvalidStart, Start};
pub use url::{InvalidUrl, Url};
