//! The change log: durable, ordered, read by groups.

use async_trait::async_trait;

use crate::{LogIdentity, LogPlace, Order, PortResult, Record, Timestamp};

/// Bytes in the log that are no record; kept aside and counted, never fatal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecodable {
    /// The bytes as they stand in the log.
    pub bytes: Vec<u8>,
    /// Why they could not be read, without content.
    pub error: String,
}

/// A record with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedRecord {
    /// Its place.
    pub order: Order,
    /// The record, or what stands there instead.
    pub record: Result<Record, Undecodable>,
}

/// Records in log order per partition, and the offsets to commit once their effects are durable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The records. Changes whose id stood in the log before are left out; a change's `log` holds its place.
    pub records: Vec<LoggedRecord>,
    /// Per partition, the place after the last record handed out or left out.
    pub next: Vec<Order>,
}

/// What a subscription hands out.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// These partitions are ours from now on; state kept for them starts here.
    Assigned(Vec<u32>),
    /// Records.
    Batch(Batch),
    /// These partitions are another's now; commits for them are refused.
    Revoked(Vec<u32>),
}

/// A durable, ordered log of changes.
#[async_trait]
pub trait ChangeLog: Send + Sync {
    /// Appends records in order and returns when they are durable; awaiting it is the back-pressure.
    ///
    /// May repeat: a change whose id the log already holds adds nothing. After an error any prefix may have
    /// been stored, so the caller repeats the whole.
    ///
    /// # Errors
    /// `Unavailable` (including a full disk), `Rejected` for a record the log can never take.
    async fn append(&self, records: &[Record]) -> PortResult<()>;

    /// Joins a consumer group at its committed offset, or at the start of the log.
    ///
    /// # Errors
    /// `Unavailable`, or `Misconfigured` where the group cannot be joined.
    async fn subscribe(&self, group: &str) -> PortResult<Box<dyn Subscription>>;

    /// Returns what tells this log from a rebuilt one.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn identity(&self) -> PortResult<LogIdentity>;

    /// Returns which log this is and how far it goes.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn place(&self) -> PortResult<LogPlace>;

    /// Compares the log with what was seen of it, and returns its identity from now on.
    ///
    /// A log that ends before a place that was seen in it is not the one it was (it was put back from a copy): it gets
    /// an identity of its own. The epoch of a log that is another than one that was seen is after that one's, so that
    /// what it hands out orders after all that was read before.
    ///
    /// May repeat. To be called before anything is appended or read.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn recognise(&self, seen: &[LogPlace]) -> PortResult<LogIdentity>;
}

/// A consumer group's reading of the log.
#[async_trait]
pub trait Subscription: Send {
    /// Waits for the next delivery. Cancel-safe: nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// `Unavailable`; calling again goes on where it stopped.
    async fn next(&mut self) -> PortResult<Delivery>;

    /// Records that everything before these places has had its effect.
    ///
    /// # Errors
    /// `Unavailable`; the work may then be repeated.
    async fn commit(&mut self, next: &[Order]) -> PortResult<()>;

    /// Returns how many records the group has still to read, for metrics.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn lag(&mut self) -> PortResult<u64>;
}

/// What grows and may forget: a log's read records, a control store's settled rows.
#[async_trait]
pub trait Retention: Send + Sync {
    /// Removes a bounded part of what is past its retention at `now` and returns how many records went.
    ///
    /// The caller repeats until it returns 0. What a consumer group has not read, or what is not settled, stays.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn retire(&self, now: Timestamp) -> PortResult<u64>;
}
