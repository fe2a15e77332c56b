//! What the reader hands on, and who makes events of it.
//!
//! A row is decoded by the reader and printed or stored by the consumer, each on a thread of its own. What lies between,
//! attributing, masking and comparing, is done by the one that has time for it: by the consumer when nothing waits for it, else
//! by the reader. Either way it is done inside the source, so that nothing leaves it in clear.

use std::sync::Arc;

use conftrail_core::mask::Masker;
use conftrail_core::ports::SourceBatch;
use conftrail_core::{Event, Position, StateChange};

use super::batch::Batch;
use super::position::Place;
use crate::who::Attribution;

/// What the reader hands on.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) changes: Changes,
    pub(super) position: Position,
    pub(super) state: Vec<StateChange>,
    /// How far the batch goes, to compare with the end of the log.
    pub(super) place: Place,
}

/// The changes of a batch.
#[derive(Debug)]
pub(super) enum Changes {
    /// As events.
    Finished(Vec<Arc<Event>>),
    /// Read and no more; with who made each trace's statement.
    Open { batch: Batch, who: Vec<Attribution> },
}

impl Read {
    /// Makes what leaves the source.
    pub(super) fn into_batch(self, masker: &Masker) -> SourceBatch {
        let Self { changes, position, state, place: _ } = self;
        let events = match changes {
            Changes::Finished(events) => events,
            Changes::Open { batch, who } => batch.finish(&who, masker),
        };
        SourceBatch { events, position, state, watermark: None }
    }
}
