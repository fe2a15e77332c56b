//! What the change log carries.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Event, Position, Timestamp};

/// A record of the change log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "lowercase")]
pub enum Record {
    /// A change.
    Change(Arc<Event>),
    /// How far a source has been read; the clock that rules run on.
    Progress(Progress),
}

/// Says that everything a source committed up to `watermark` is in the log before this record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The logical source's name.
    pub source: Arc<str>,
    /// The source's own clock.
    pub watermark: Timestamp,
    /// The source's position at that moment.
    pub position: Position,
}
