//! The audit store: events kept for good, searchable, and the current value of every resource.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{FollowRequest, Followed, StatePage, StateRequest};
use crate::query::Query;
use crate::{Event, EventId, PortResult, Progress, Timestamp, Value};

/// What became of a batch of writes. Every event is in exactly one of the three.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WriteReport {
    /// How many are durable, repeats included.
    pub done: u64,
    /// Of these, how many were there already.
    pub repeated: u64,
    /// Of the repeats, how many differ only in what depends on the reading ([`Event::adopt_reading`]).
    pub re_attributed: u64,
    /// Repeats whose canonical bytes differ in more than that; the first stays.
    pub conflicts: Vec<EventId>,
    /// Events to try again.
    pub retry: Vec<EventId>,
    /// Events that the store can never take, with the reason; they are set aside.
    pub refused: Vec<Refusal>,
}

/// An event that the store can never take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The event.
    pub id: EventId,
    /// Why, without content.
    pub reason: String,
}

/// Writes the trail.
#[async_trait]
pub trait AuditWriter: Send + Sync {
    /// Stores events with their log order and moves `current` along, all durable on return.
    ///
    /// May repeat: the first occurrence of an id stays, and `current` is left alone for repeats. Newer log
    /// order wins in `current`, whatever the order of calls.
    ///
    /// # Errors
    /// `Unavailable`; any part may have been stored.
    async fn write(&self, events: &[Arc<Event>]) -> PortResult<WriteReport>;

    /// Notes how far sources were read, for [`AuditReader::state_at`]: all that a source committed up to the watermark was
    /// written before this call, in whatever partition of the log it stood. May repeat; an older watermark changes nothing.
    ///
    /// A `gap` that is written ends the stretch that was read without one; the next watermark begins another.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn reached(&self, progress: &[Progress]) -> PortResult<()>;
}

/// Signs how far a trail has come, for who wants to prove later that it was not altered.
#[async_trait]
pub trait Sealer: Send + Sync {
    /// Signs the trail as it stands and writes that where a copy of it can be taken. May repeat.
    ///
    /// # Errors
    /// `Unavailable`; the trail itself is not touched.
    async fn seal(&self) -> PortResult<()>;
}

/// An opaque, stable place in a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// Asks for events, newest first by time and then log order.
#[derive(Clone, Debug)]
pub struct SearchRequest {
    /// What must hold.
    pub query: Query,
    /// Events at or after this time.
    pub since: Option<Timestamp>,
    /// Events before this time.
    pub until: Option<Timestamp>,
    /// At most this many.
    pub limit: usize,
    /// Where the previous page ended.
    pub cursor: Option<Cursor>,
}

/// Events and where the next page starts.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The events.
    pub events: Vec<Arc<Event>>,
    /// Absent on the last page.
    pub next: Option<Cursor>,
}

/// Asks how many events there are, by field and by time.
#[derive(Clone, Debug)]
pub struct AggregateRequest {
    /// What must hold.
    pub query: Query,
    /// Events at or after this time.
    pub since: Option<Timestamp>,
    /// Events before this time.
    pub until: Option<Timestamp>,
    /// Field names of the query language, such as `actor.name`.
    pub facets: Vec<String>,
    /// At most this many values per facet, the most frequent.
    pub top: usize,
    /// The width of a histogram's buckets in seconds, if one is wanted.
    pub histogram: Option<u64>,
}

/// One value and how often it occurs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// The value, or the bucket's start as RFC 3339.
    pub key: String,
    /// How many events.
    pub count: u64,
}

/// The most frequent values of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facet {
    /// The field.
    pub field: String,
    /// Its values, most frequent first, then by value.
    pub buckets: Vec<Bucket>,
}

/// Counts per slice of time, empty slices left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// The width in seconds.
    pub width: u64,
    /// The slices in time order.
    pub buckets: Vec<Bucket>,
}

/// The answer to an [`AggregateRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aggregate {
    /// How many events match.
    pub total: u64,
    /// One for each facet asked for.
    pub facets: Vec<Facet>,
    /// The histogram, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Histogram>,
    /// Whether the counts are extrapolated from a sample, because counting would have taken long. Absent means no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

/// The last value of a resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurrentRow {
    /// The resource's id.
    pub resource: String,
    /// The value, as `after` of the event; absent when the event left none to know (truncate, statement, gap).
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::change::present")]
    pub value: Option<Value>,
    /// The event that set it.
    pub event: EventId,
    /// When.
    pub time: Timestamp,
}

/// Current values and where the next page starts.
#[derive(Clone, Debug, Default)]
pub struct CurrentPage {
    /// The values, by resource id.
    pub rows: Vec<CurrentRow>,
    /// Absent on the last page.
    pub next: Option<Cursor>,
}

/// Reads the trail. All reads see a consistent state; a page is stable while events arrive.
///
/// All return `Unavailable` when the store cannot be reached and `Rejected` for a cursor that it did not hand out, or that
/// belongs to another question: another query, resource or prefix.
#[async_trait]
pub trait AuditReader: Send + Sync {
    /// Returns one event.
    async fn get(&self, id: EventId) -> PortResult<Option<Arc<Event>>>;

    /// Returns events, newest first.
    async fn search(&self, request: SearchRequest) -> PortResult<Page>;

    /// Counts events.
    async fn aggregate(&self, request: AggregateRequest) -> PortResult<Aggregate>;

    /// Returns a resource's events, newest first in log order, renames included.
    async fn timeline(&self, resource: &str, limit: usize, cursor: Option<Cursor>) -> PortResult<Page>;

    /// Returns the current values of the resources whose id starts with `prefix`, by id.
    async fn current(&self, prefix: &str, limit: usize, cursor: Option<Cursor>) -> PortResult<CurrentPage>;

    /// Returns how the resources whose id starts with a prefix stood at a time, by id: each of which there is any value on
    /// record, at whatever time. A resource's events count in the order of the log, up to the last one that was committed at
    /// the time or before.
    async fn state_at(&self, request: StateRequest) -> PortResult<StatePage>;

    /// Returns what was recorded after a place, oldest first, in the order in which the store took it: whoever goes on
    /// from where it ended misses nothing and is told nothing twice. Does not wait for anything to come.
    async fn follow(&self, request: FollowRequest) -> PortResult<Followed>;
}
