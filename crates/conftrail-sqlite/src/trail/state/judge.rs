//! What is said of one resource.

use conftrail_core::ports::{Ground, Standing, StateRow, Why};
use conftrail_core::{Action, Event, ResourceKind, Timestamp};

use super::Asked;
use super::history::{History, Next, against};
use super::wide::WideEvent;
use crate::error::Error;
use crate::trail::current::{Effect, comes_after, effects};
use crate::trail::place::Place;
use crate::trail::search::read_event;

impl Asked<'_> {
    /// Says how a resource stood.
    pub(super) fn row(&mut self, resource: String) -> Result<StateRow, Error> {
        let history = History::read(self.connection, &resource, self.at)?;
        match history.last {
            Some(last) => self.on_record(resource, last, history.next.as_ref()),
            None => self.before_all(resource, history.next.as_ref()),
        }
    }

    fn read(&mut self, key: i64) -> Result<Event, Error> {
        let (event, size) = read_event(self.connection, key)?;
        self.bytes += size;
        Ok(event)
    }

    /// Nothing was committed up to the time: the first event tells whether there can have been anything.
    fn before_all(&mut self, resource: String, first: Option<&Next>) -> Result<StateRow, Error> {
        let row = bare(resource, self.at);
        let Some(first) = first else { return Ok(row) };
        let event = self.read(first.place.key)?;
        let at = self.at;
        let captured = self.captured(&event.source.name)?;
        let (since, is_covered) = (captured.since(), captured.hole(at).is_none());
        if since.is_none_or(|since| at < since) {
            let because = vec![first.ground(Why::BeforeFirstEvent), ground_at(Why::BeforeCapture, since)];
            return Ok(StateRow { because, ..row });
        }
        // What was created, or renamed so, was not there before, unless something may have removed it in the meantime unseen.
        let came_to_be = event.action == Action::Create || event.resource.id != row.resource;
        let is_sure = event.flags.iter().all(|flag| Why::of_flag(flag, true).is_none());
        let is_new = came_to_be && is_sure && is_covered;
        let mut later = self.wide.later(&row.resource)?.into_iter();
        if is_new && !later.any(|wide| comes_after(&first.place, &wide.place)) {
            let because = vec![first.ground(Why::NotCreated)];
            return Ok(StateRow { state: Standing::Absent, because, ..row });
        }
        Ok(StateRow { because: vec![first.ground(Why::BeforeFirstEvent)], ..row })
    }

    fn on_record(&mut self, resource: String, last: Place, next: Option<&Next>) -> Result<StateRow, Error> {
        let event = self.read(last.key)?;
        let row = bare(resource, self.at);
        let at = self.at;
        let captured = self.captured(&event.source.name)?;
        let (until, hole) = (captured.until(), captured.hole(at));
        let is_bracketed = next.is_some_and(|next| comes_after(&next.place, &last));
        if !is_bracketed && until.is_none_or(|until| until < at) {
            return Ok(StateRow { because: vec![ground_at(Why::NotCaptured, until)], ..row });
        }
        let is_removed = is_removed(&event, &row.resource);
        let mut wide = self.wide.since(&row.resource, &last)?;
        let emptied = wide.iter().filter(|wide| wide.empties).max_by_key(|wide| order(&wide.place)).copied();
        // Nothing is left to be emptied.
        wide.retain(|wide| !is_removed || wide.why != Why::Truncate);
        let mut because = match emptied.filter(|_| !is_removed) {
            Some(emptied) => return self.emptied(row, emptied, wide, hole),
            None => against(self.connection, &event, &last, is_removed, at)?,
        };
        because.extend(self.grounds(&row.resource, &last, &wide, hole)?);
        if let Some(next) = next {
            if !is_bracketed {
                because.push(next.ground(Why::TimeOrder));
            } else if next.is_suspect && because.iter().all(|ground| ground.why != Why::ClockSuspect) {
                because.push(next.ground(Why::ClockSuspect));
            }
        }
        Ok(told(row, &event, is_removed, because))
    }

    /// Its table was emptied since, and nothing came after.
    fn emptied(
        &mut self,
        row: StateRow,
        emptied: WideEvent,
        mut wide: Vec<WideEvent>,
        hole: Option<Timestamp>,
    ) -> Result<StateRow, Error> {
        let event = self.read(emptied.place.key)?;
        wide.retain(|wide| wide.why != Why::Truncate && comes_after(&wide.place, &emptied.place));
        let mut because = against(self.connection, &event, &emptied.place, true, self.at)?;
        because.extend(self.grounds(&row.resource, &emptied.place, &wide, hole)?);
        Ok(told(row, &event, true, because))
    }

    /// Returns what wide events say: those that were committed since, and the gap in whose lost part the time may lie, which
    /// is noticed, and dated, at its end.
    fn grounds(
        &mut self,
        resource: &str,
        place: &Place,
        wide: &[WideEvent],
        hole: Option<Timestamp>,
    ) -> Result<Vec<Ground>, Error> {
        let mut grounds: Vec<Ground> = wide.iter().map(WideEvent::ground).collect();
        let hole = hole.filter(|_| wide.iter().all(|wide| wide.why != Why::Gap));
        if let Some(end) = hole {
            let mut later = self.wide.later(resource)?.into_iter().filter(|wide| wide.why == Why::Gap);
            let in_hole = |gap: &WideEvent| comes_after(&gap.place, place) && gap.place.time <= end.micros();
            grounds.extend(later.find(in_hole).map(|gap| gap.ground()));
        }
        Ok(grounds)
    }
}

/// Says whether an event leaves a resource without a value.
fn is_removed(event: &Event, resource: &str) -> bool {
    let of_source = event.resource.kind == ResourceKind::Source;
    let about = &event.resource;
    let effects = effects(event.action, of_source, &about.id, about.renamed_to.as_deref());
    effects.into_iter().flatten().any(|effect| match effect {
        Effect::Value { resource: of, deleted } => of == resource && deleted,
        Effect::Unknown { .. } => false,
    })
}

fn order(place: &Place) -> (i64, i64, i64) {
    (place.epoch, place.partition, place.offset)
}

fn ground_at(why: Why, time: Option<Timestamp>) -> Ground {
    Ground { why, event: None, time }
}

/// Returns what is said where nothing is known.
fn bare(resource: String, at: Timestamp) -> StateRow {
    let state = Standing::Unknown;
    let because = Vec::new();
    StateRow {
        resource,
        at,
        state,
        value: None,
        event: None,
        action: None,
        time: None,
        actor: None,
        reason: None,
        because,
    }
}

/// Tells an event, and whether it is to be believed.
fn told(row: StateRow, event: &Event, is_removed: bool, because: Vec<Ground>) -> StateRow {
    let state = match is_removed {
        _ if !because.is_empty() => Standing::Uncertain,
        true => Standing::Absent,
        false => Standing::Known,
    };
    StateRow {
        state,
        value: event.after.clone().filter(|_| !is_removed),
        event: Some(event.id),
        action: Some(event.action),
        time: Some(event.time),
        actor: Some(event.actor.clone()),
        reason: event.reason.clone(),
        because,
        ..row
    }
}
