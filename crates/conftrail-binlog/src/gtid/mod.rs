//! GTIDs and exact sets of them: gaps stay gaps, and nothing is ever widened to a hull.

mod id;
mod intervals;
mod set;
mod text;
mod wire;

#[cfg(test)]
mod model;

pub use id::{Gtid, ServerUuid, Tag, Tsid};
pub use set::GtidSet;
pub use text::GtidError;
