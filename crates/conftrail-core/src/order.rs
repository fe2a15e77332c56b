//! The order of a resource's changes: the change log's, never the ids'.

use serde::{Deserialize, Serialize};

/// Places a record in the change log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Order {
    /// Counts up when the log is rebuilt or its partition count changes.
    pub epoch: u32,
    /// The partition; 0 in the embedded log.
    pub partition: u32,
    /// The offset within the partition.
    pub offset: u64,
}

/// Identifies a log, so that a rebuilt one is noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogIdentity {
    /// A name that a rebuilt log does not share.
    pub id: String,
    /// The log's epoch.
    pub epoch: u32,
    /// How many partitions it has.
    pub partitions: u32,
}

/// What somebody saw of a log: which it was, and how far it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPlace {
    /// Which log.
    pub log: LogIdentity,
    /// Per partition, the place after the last record.
    pub end: Vec<Order>,
}
