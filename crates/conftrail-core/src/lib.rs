//! The vocabulary of conftrail and the ports between its parts.
//!
//! Nothing here does I/O or reads a clock: values and `now` are passed in.

pub mod actor;
pub mod alerting;
pub mod canonical;
pub mod capture;
pub mod change;
pub mod diff;
pub mod document;
pub mod error;
pub mod event;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod integrity;
pub mod mask;
pub mod own;
pub mod ports;
pub mod query;
pub mod questions;
pub mod text;

mod change_list;
mod event_position;
mod id;
mod json;
mod nearest;
mod order;
mod period;
mod position;
mod record;
mod resource;
mod secret;
mod time;
mod value;

pub use actor::{Actor, Authority, Binding, Claimed, Correlation, Reason};
pub use change::{Change, ChangeOp};
pub use change_list::ChangeList;
pub use error::{ErrorKind, PortError, PortResult, explain};
pub use event::{Action, Event, FORMAT_VERSION, Origin, Transaction, flag};
pub use event_position::{BinlogPlace, EventPosition};
pub use id::{EventId, InvalidId};
pub use json::{AppendJson, Json};
pub use nearest::nearest;
pub use order::{LogIdentity, LogPlace, Order};
pub use period::{InvalidPeriod, Period};
pub use position::{Checkpoint, Position, StateChange};
pub use record::{Progress, Record};
pub use resource::{Family, Resource, ResourceKind, join_key};
pub use secret::Secret;
pub use smol_str::SmolStr;
pub use time::Timestamp;
pub use value::{Map, Value};
