//! Where changes come from.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::BoxStream;

use crate::{Checkpoint, Event, Origin, PortResult, Position, StateChange, Timestamp};

/// The changes between two positions.
///
/// A batch without events is a heartbeat: it still moves the position.
#[derive(Clone, Debug, Default)]
pub struct SourceBatch {
    /// The changes, in the source's order, masked, attributed and identified.
    pub events: Vec<Arc<Event>>,
    /// Where to go on once the events are durable.
    pub position: Position,
    /// What changed in the state kept beside the position.
    pub state: Vec<StateChange>,
    /// The source's clock, if everything committed until then stands in this batch or before it.
    pub watermark: Option<Timestamp>,
}

/// The batches of a source, without end until the source fails or is dropped.
pub type SourceStream = BoxStream<'static, PortResult<SourceBatch>>;

/// A system whose configuration changes are captured.
///
/// Starting, resuming and recovering are all `open`. The caller may forget a batch before it saved its
/// position: opened at the older position, the source repeats the same events with the same ids. Dropping the
/// stream ends the reading. After an error the stream is finished; the pipeline decides when to open it again.
#[async_trait]
pub trait Source: Send + Sync {
    /// Says where this source's events come from.
    fn origin(&self) -> &Origin;

    /// Opens the source after a checkpoint, or at its configured start.
    ///
    /// # Errors
    /// `Unavailable` when the source cannot be reached, `Misconfigured` when it is not set up as needed,
    /// `Corrupt` when the checkpoint is not this source's.
    async fn open(&self, after: Option<Checkpoint>) -> PortResult<SourceStream>;

    /// Takes back events that nobody needs any more; a source that makes many of them can use their memory again. To drop
    /// them instead is as right.
    fn take_back(&self, events: Vec<Arc<Event>>) {
        drop(events);
    }

    /// Says how many resources exist and cannot be read, as of the last batch; none where a source has no such thing.
    /// Each is also an event of its own, and so is its end.
    fn unreadable(&self) -> Option<u64> {
        None
    }

    /// Says until when, by its own clock, the system keeps all that was not read yet, as of the last batch: not earlier than
    /// that. None where it keeps everything, or is not known to.
    fn kept_until(&self) -> Option<Timestamp> {
        None
    }
}
