//! What was read and not handed on yet: changes in clear, to be attributed, masked and identified together.

use std::sync::Arc;

use conftrail_core::capture::{Draft, Payload};
use conftrail_core::mask::Masker;
use conftrail_core::{Action, Actor, Event, Map, Origin, Resource, SmolStr};

use super::attribute::Trace;
use super::beside_rows;
use super::editor::claim_by_column;
use super::partial_row::PartialRow;
use super::tables::Captured;
use crate::who::Attribution;

/// A batch is handed on when it holds this many changes …
const MOST_CHANGES: usize = 250;
/// … or changes that took this many bytes of the binlog.
const MOST_BYTES: usize = 1 << 20;

/// Up to this many bytes of the binlog take so little time to finish that a thread of many tasks may do it.
const QUICK_BYTES: usize = 256 << 10;

/// A change that is no event yet.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) draft: Draft,
    pub(super) content: Content,
    /// The trace that tells who; none for what nobody did.
    pub(super) trace: Option<usize>,
}

/// What a change is about.
#[derive(Debug)]
pub(super) enum Content {
    /// A row, in clear; of the batch's table at this place.
    Row { table: usize, before: Option<Map>, after: Option<Map> },
    /// A row of which not all columns were logged.
    PartialRow(PartialRow),
    /// Anything else; its texts are masked already.
    Other { action: Action, resource: Box<Resource> },
}

/// Tells traces apart: by statement where it claims something, else by transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TraceKey {
    /// A running number of statements.
    Statement(u64),
    /// A running number of transactions.
    Transaction(u64),
}

/// The changes since the last batch.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pending: Vec<Pending>,
    traces: Vec<Trace>,
    /// What [`Content::Row`] points to.
    tables: Vec<Arc<Captured>>,
    /// A copy for the events of this batch alone: a counter that all threads write for each row would slow them all down.
    origin: Option<Arc<Origin>>,
    /// Who made changes that nobody is known for; of this batch alone, too.
    nobody: Arc<Actor>,
    bytes: usize,
    /// What the last trace belongs to.
    trace_of: Option<TraceKey>,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.pending.len() >= MOST_CHANGES || self.bytes >= MOST_BYTES
    }

    /// Says whether [`Batch::finish`] takes no longer than some milliseconds.
    pub(super) fn is_quickly_finished(&self) -> bool {
        self.bytes <= QUICK_BYTES
    }

    /// Adds a change and returns what may be added to it.
    #[inline]
    pub(super) fn add(&mut self, pending: Pending) -> &mut Draft {
        let place = self.pending.len();
        self.pending.push(pending);
        &mut self.pending[place].draft
    }

    pub(super) fn add_bytes(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Returns the place of a trace, made once per key.
    pub(super) fn trace(&mut self, key: TraceKey, make: impl FnOnce() -> Trace) -> usize {
        if self.trace_of != Some(key) {
            self.traces.push(make());
            self.trace_of = Some(key);
        }
        self.traces.len() - 1
    }

    /// Returns the place of a table.
    pub(super) fn table(&mut self, table: &Arc<Captured>) -> usize {
        if !self.tables.last().is_some_and(|last| Arc::ptr_eq(last, table)) {
            self.tables.push(table.clone());
        }
        self.tables.len() - 1
    }

    /// Returns where the events of this batch were read.
    pub(super) fn origin(&mut self, origin: &Origin) -> Arc<Origin> {
        self.origin.get_or_insert_with(|| Arc::new(origin.clone())).clone()
    }

    /// Returns the actor of what nobody is known for yet.
    pub(super) fn nobody(&self) -> Arc<Actor> {
        self.nobody.clone()
    }

    pub(super) fn traces(&self) -> &[Trace] {
        &self.traces
    }

    /// Takes what there is and starts anew, with room for as much again.
    pub(super) fn take(&mut self) -> Self {
        let again = Self { pending: Vec::with_capacity(self.pending.len()), ..Self::default() };
        std::mem::replace(self, again)
    }

    /// Makes the events, given who made each trace's statement.
    pub(super) fn finish(self, who: &[Attribution], masker: &Masker) -> Vec<Arc<Event>> {
        let Self { pending, tables, .. } = self;
        let finishing = Finishing { who, tables: &tables, masker };
        let mut events = Vec::with_capacity(pending.len());
        for pending in pending {
            events.extend(finishing.event(pending));
        }
        beside_rows::mask(&mut events, masker);
        events
    }
}

/// What the events of a batch are made with.
struct Finishing<'a> {
    who: &'a [Attribution],
    tables: &'a [Arc<Captured>],
    masker: &'a Masker,
}

impl Finishing<'_> {
    fn event(&self, pending: Pending) -> Option<Arc<Event>> {
        let Pending { mut draft, content, trace } = pending;
        let attribution = trace.and_then(|trace| self.who.get(trace));
        if let Some(known) = attribution {
            let event = &mut *draft;
            event.actor.clone_from(&known.actor);
            event.reason.clone_from(&known.reason);
            event.trace.clone_from(&known.trace);
            event.flags.extend(known.flags.iter().map(|flag| SmolStr::new_static(flag)));
        }
        let mut event = match content {
            Content::Row { table, before, after } => {
                let captured = &self.tables[table];
                let mut event = captured.table.event(self.masker, draft, before, after)?;
                claim_by_column(&mut event, &captured.editors);
                event
            }
            Content::PartialRow(row) => row.event(self.masker, draft)?,
            Content::Other { action, resource } => draft.finish(action, *resource, Payload::default()),
        };
        if let Some(correlation) = attribution.and_then(|known| known.correlation.as_ref()) {
            Arc::make_mut(&mut event).correlation = Some(correlation.clone());
        }
        Some(event)
    }
}
