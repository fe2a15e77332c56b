//! Everything an event has besides its content.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::event::flag;
use crate::{
    Action, Actor, ChangeList, Correlation, Event, EventId, FORMAT_VERSION, Origin, Reason, Resource,
    Timestamp, Transaction, Value,
};

/// An event without its content: what a source knows of a change besides that. All text in it is masked already.
///
/// It is an event already, in the place where it stays, because events are large and there are many of them: what is set
/// here is never moved. Its id, action, resource, content and correlation come with [`Draft::finish`].
#[derive(Debug)]
pub struct Draft {
    event: Arc<Event>,
    /// The position that the id is made of: a GTID, or what the event format lists for the source. None where that is the
    /// transaction's id.
    identity: Option<SmolStr>,
    /// The change's number at that position, counted before filters.
    ordinal: u64,
}

/// The masked content of an event.
#[derive(Clone, Debug, Default)]
pub struct Payload {
    /// `row` or a document's format.
    pub format: Option<SmolStr>,
    /// The content before.
    pub before: Option<Value>,
    /// The content after.
    pub after: Option<Value>,
    /// The key-level changes.
    pub changes: ChangeList,
    /// The paths whose values were replaced, in any order, repeats allowed.
    pub masked: Vec<String>,
    /// Whether content is kept as digest, size and changes only.
    pub truncated: bool,
}

impl Draft {
    /// Makes a draft of a change that nobody is known for.
    pub fn new(
        origin: impl Into<Arc<Origin>>,
        time: Timestamp,
        observed: Timestamp,
        identity: SmolStr,
        ordinal: u64,
    ) -> Self {
        let event = empty(origin.into(), Arc::default(), time, observed, None);
        Self { event, identity: Some(identity), ordinal }
    }

    /// Makes a draft of a transaction's change, which is known by its place in it. There are many of them: where it was read and
    /// by whom it was made are shared with others.
    pub fn in_transaction(
        origin: Arc<Origin>,
        actor: Arc<Actor>,
        time: Timestamp,
        observed: Timestamp,
        tx: Transaction,
    ) -> Self {
        let ordinal = tx.seq;
        Self { event: empty(origin, actor, time, observed, Some(tx)), identity: None, ordinal }
    }

    /// Makes the event: applies the time policy, derives the id and the correlation.
    pub fn finish(self, action: Action, resource: Resource, payload: Payload) -> Arc<Event> {
        let Self { event: mut made, identity, ordinal } = self;
        let event = Arc::get_mut(&mut made).expect(ONE_OWNER);
        let (time, moved) = event.time.clamped();
        event.time = time;
        let identity = identity.as_ref().or(event.tx.as_ref().map(|tx| &tx.id)).map_or("", SmolStr::as_str);
        event.id = EventId::derive(time, &event.source.name, identity, ordinal);
        event.action = action;
        event.resource = resource;
        event.correlation = correlation(event.reason.as_ref(), event.trace.as_deref(), event.tx.as_ref());
        let Payload { format, before, after, changes, masked, truncated } = payload;
        event.format = format;
        event.before = before;
        event.after = after;
        event.changes = changes;
        event.masked = masked;
        event.masked.sort_unstable();
        event.masked.dedup();
        event.truncated = truncated;
        if moved {
            event.set_flag(flag::CLOCK_SUSPECT);
        }
        made
    }
}

fn empty(
    source: Arc<Origin>,
    actor: Arc<Actor>,
    time: Timestamp,
    observed: Timestamp,
    tx: Option<Transaction>,
) -> Arc<Event> {
    Arc::new(Event {
        v: FORMAT_VERSION,
        id: EventId::UNSET,
        time,
        observed,
        action: Action::Undecoded,
        source,
        resource: Resource::unset(),
        actor,
        reason: None,
        correlation: None,
        detail: None,
        format: None,
        before: None,
        after: None,
        changes: ChangeList::default(),
        masked: Vec::new(),
        flags: Vec::new(),
        truncated: false,
        position: None,
        tx,
        trace: None,
        labels: BTreeMap::new(),
        log: None,
    })
}

const ONE_OWNER: &str = "a draft gives its event to nobody before it is finished";

impl std::ops::Deref for Draft {
    type Target = Event;

    fn deref(&self) -> &Event {
        &self.event
    }
}

impl std::ops::DerefMut for Draft {
    fn deref_mut(&mut self) -> &mut Event {
        Arc::get_mut(&mut self.event).expect(ONE_OWNER)
    }
}

/// Returns what ties the event to others: its ticket, its trace or its transaction, in this order.
fn correlation(
    reason: Option<&Reason>,
    trace: Option<&str>,
    tx: Option<&Transaction>,
) -> Option<Correlation> {
    let made = |id: SmolStr, via: &'static str| Correlation { id, via: SmolStr::new_static(via) };
    if let Some(ticket) = reason.and_then(|reason| reason.ticket.clone()) {
        return Some(made(ticket, "ticket"));
    }
    // traceparent: version-trace_id-parent_id-flags (W3C Trace Context).
    if let Some(trace_id) = trace.and_then(|trace| trace.split('-').nth(1)) {
        return Some(made(trace_id.into(), "trace"));
    }
    tx.map(|tx| made(tx.id.clone(), "tx"))
}
