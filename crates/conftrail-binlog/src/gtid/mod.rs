//! GTIDs and exact sets of them: gaps stay gaps, and nothing is ever widened to a hull.
//!
//! [`Gtid`] and [`GtidSet`] are MySQL's, [`MariadbGtid`] and [`GtidPosition`] MariaDB's; [`TransactionId`] and [`Executed`] hold
//! either.

mod executed;
mod id;
mod intervals;
mod mariadb;
mod set;
mod text;
mod wire;

#[cfg(test)]
mod model;

pub use executed::{Executed, TransactionId};
pub use id::{Gtid, ServerUuid, Tag, Tsid};
pub use mariadb::{GtidPosition, GtidState, MariadbGtid, MissingRange};
pub use set::GtidSet;
pub use text::GtidError;
