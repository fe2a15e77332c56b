//! Everything an event has besides its content.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::event::flag;
use crate::{
    Action, Actor, Change, Correlation, Event, EventId, FORMAT_VERSION, Map, Origin, Reason, Resource,
    Timestamp, Transaction, Value,
};

/// What a source knows of a change besides its content. All text in it is masked already.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Where the change was read.
    pub origin: Arc<Origin>,
    /// When the source committed it, as the source says.
    pub time: Timestamp,
    /// When it was read.
    pub observed: Timestamp,
    /// The position that the id is made of: a GTID, or what the event format lists for the source.
    pub identity: SmolStr,
    /// The change's number at that position, counted before filters.
    pub ordinal: u64,
    /// Who made it.
    pub actor: Actor,
    /// Why.
    pub reason: Option<Reason>,
    /// W3C `traceparent`.
    pub trace: Option<SmolStr>,
    /// The place in the source's own log.
    pub position: Option<Map>,
    /// The place within the transaction.
    pub tx: Option<Transaction>,
    /// Facts about the capture.
    pub flags: Vec<SmolStr>,
    /// Facts by action, such as the statement of a row change when it is asked for.
    pub detail: Option<Map>,
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
    pub changes: Vec<Change>,
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
        Self {
            origin: origin.into(),
            time,
            observed,
            identity,
            ordinal,
            actor: Actor::default(),
            reason: None,
            trace: None,
            position: None,
            tx: None,
            flags: Vec::new(),
            detail: None,
        }
    }

    /// Makes the event: applies the time policy, derives the id and the correlation.
    pub fn finish(self, action: Action, resource: Resource, payload: Payload) -> Event {
        let (time, moved) = self.time.clamped();
        let mut masked = payload.masked;
        masked.sort_unstable();
        masked.dedup();
        let correlation = correlation(self.reason.as_ref(), self.trace.as_deref(), self.tx.as_ref());
        let mut event = Event {
            v: FORMAT_VERSION,
            id: EventId::derive(time, &self.origin.name, &self.identity, self.ordinal),
            time,
            observed: self.observed,
            action,
            source: self.origin,
            resource,
            actor: self.actor,
            reason: self.reason,
            correlation,
            detail: self.detail,
            format: payload.format,
            before: payload.before,
            after: payload.after,
            changes: payload.changes,
            masked,
            flags: self.flags,
            truncated: payload.truncated,
            position: self.position,
            tx: self.tx,
            trace: self.trace,
            labels: Default::default(),
            log: None,
        };
        if moved {
            event.set_flag(flag::CLOCK_SUSPECT);
        }
        event
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
