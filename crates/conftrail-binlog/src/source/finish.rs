//! The second half of a reader's work, on a thread of its own: masking, comparing and identifying what was decoded.

use std::sync::mpsc::Receiver;

use conftrail_core::ports::SourceBatch;
use conftrail_core::{PortError, Position, StateChange};

use super::batch::Batch;
use super::position::Place;
use super::reader::{Out, Read, Settings};
use crate::who::Attribution;

/// What the reader hands to the finisher.
#[derive(Debug)]
pub(super) enum Job {
    /// Changes, and where to go on behind them.
    Batch(Box<Unfinished>),
    /// The reader's last word.
    Failed(PortError),
}

/// Changes that are no events yet.
#[derive(Debug)]
pub(super) struct Unfinished {
    pub(super) changes: Batch,
    /// Who made the statement of each trace.
    pub(super) who: Vec<Attribution>,
    pub(super) position: Position,
    pub(super) place: Place,
    pub(super) state: Vec<StateChange>,
}

/// Finishes batch after batch, until the reader ends or nobody listens.
pub(super) fn finish(jobs: &Receiver<Job>, settings: &Settings, out: &Out) {
    while let Ok(job) = jobs.recv() {
        let read = match job {
            Job::Batch(unfinished) => Ok(finished(*unfinished, settings)),
            Job::Failed(error) => Err(error),
        };
        if out.blocking_send(read).is_err() {
            return;
        }
    }
}

fn finished(unfinished: Unfinished, settings: &Settings) -> Read {
    let Unfinished { changes, who, position, place, state } = unfinished;
    let events = changes.finish(&who, &settings.masker, &settings.actor_columns);
    Read { batch: SourceBatch { events, position, state, watermark: None }, place }
}
