//! The events about whole tables, databases and sources that leave what lies below them in doubt.

use std::collections::HashMap;

use conftrail_core::ports::{Ground, Why};
use conftrail_core::{Action, EventId, Timestamp, Value};
use rusqlite::{Connection, params};

use super::event_id;
use crate::error::Error;
use crate::trail::current::{comes_after, empties};
use crate::trail::place::{PLACE, Place};
use crate::trail::search::read_event;

/// An event about more than one resource.
#[derive(Clone, Copy)]
pub(super) struct WideEvent {
    pub(super) place: Place,
    pub(super) id: EventId,
    pub(super) why: Why,
    /// Whether nothing can be left of what lies below it.
    pub(super) empties: bool,
}

impl WideEvent {
    pub(super) fn ground(&self) -> Ground {
        let time = Timestamp::from_micros(self.place.time);
        Ground { why: self.why, event: Some(self.id), time: Some(time) }
    }
}

/// Where an event stands that concerns a resource: at something above it, or at any resource that stands for its source.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Scope {
    Above(String),
    Source(String),
}

impl Scope {
    /// Returns the scopes of a resource.
    fn of(resource: &str) -> impl Iterator<Item = Self> {
        let ends = resource.match_indices('/').map(|(at, _)| at);
        let source = ends.clone().take(1).map(|at| Self::Source(resource[..at].to_owned()));
        source.chain(ends.map(|at| Self::Above(resource[..at].to_owned())))
    }

    /// Returns the rest of a statement behind FROM, and the bounds of its resources.
    fn from(&self) -> (&'static str, String, String) {
        match self {
            Self::Above(resource) => (
                "events e INDEXED BY events_by_resource
                 WHERE e.resource BETWEEN ?1 AND ?2 AND e.resource_kind <> 'source'",
                resource.clone(),
                resource.clone(),
            ),
            // What follows `/`.
            Self::Source(source) => (
                "events e INDEXED BY events_of_sources
                 WHERE e.resource >= ?1 AND e.resource < ?2 AND e.resource_kind = 'source'",
                format!("{source}/"),
                format!("{source}0"),
            ),
        }
    }
}

/// Looks wide events up; the rows of a page mostly share them.
pub(super) struct Wide<'c> {
    connection: &'c Connection,
    at: Timestamp,
    before: HashMap<Scope, Vec<WideEvent>>,
    later: HashMap<Scope, Vec<WideEvent>>,
}

impl<'c> Wide<'c> {
    pub(super) fn new(connection: &'c Connection, at: Timestamp) -> Self {
        Self { connection, at, before: HashMap::new(), later: HashMap::new() }
    }

    /// Returns the newest events of each kind that were committed at the time or before, and stand behind a place.
    pub(super) fn since(&mut self, resource: &str, place: &Place) -> Result<Vec<WideEvent>, Error> {
        let mut found = Vec::new();
        for scope in Scope::of(resource) {
            if !self.before.contains_key(&scope) {
                let newest = self.look(&scope, "<= ?4", "DESC", true)?;
                self.before.insert(scope.clone(), newest);
            }
            found.extend(self.before[&scope].iter().filter(|event| comes_after(&event.place, place)));
        }
        Ok(found)
    }

    /// Returns the oldest event of each kind that was committed after the time.
    pub(super) fn later(&mut self, resource: &str) -> Result<Vec<WideEvent>, Error> {
        let mut found = Vec::new();
        for scope in Scope::of(resource) {
            if !self.later.contains_key(&scope) {
                let oldest = self.look(&scope, "> ?4", "ASC", false)?;
                self.later.insert(scope.clone(), oldest);
            }
            found.extend_from_slice(&self.later[&scope]);
        }
        Ok(found)
    }

    /// Returns the first event of each kind in an order; with `chosen`, the first that can have changed a value.
    fn look(
        &self,
        scope: &Scope,
        bound: &str,
        direction: &str,
        chosen: bool,
    ) -> Result<Vec<WideEvent>, Error> {
        let (from, first, last) = scope.from();
        let mut select = self.connection.prepare_cached(&format!(
            "SELECT {PLACE}, e.id, e.resource_kind FROM {from} AND e.action = ?3 AND e.time {bound}
             ORDER BY e.epoch {direction}, e.partition {direction}, e.offset {direction}, e.key {direction}"
        ))?;
        let mut found = Vec::new();
        for (action, why) in Action::ALL.into_iter().filter_map(|one| Some((one, Why::of_action(one)?))) {
            let mut rows = select.query(params![first, last, action.as_str(), self.at.micros()])?;
            while let Some(row) = rows.next()? {
                let (place, id) = (Place::read(row, 0)?, event_id(row, 5)?);
                let kind: String = row.get(6)?;
                let reach = if chosen { self.reach(action, &kind, place.key)? } else { Reach::Doubt };
                if reach != Reach::Nothing {
                    found.push(WideEvent { place, id, why, empties: reach == Reach::Empties });
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Says what an event can have done to the values below it.
    fn reach(&self, action: Action, kind: &str, key: i64) -> Result<Reach, Error> {
        if !matches!(action, Action::Truncate | Action::SourceChanged)
            && (action != Action::Schema || kind == "table")
        {
            return Ok(Reach::Doubt);
        }
        let (event, _) = read_event(self.connection, key)?;
        let detail = |name: &str| event.detail.as_ref().and_then(|detail| detail.get(name));
        let text = detail("text").and_then(Value::as_text).unwrap_or_default().to_ascii_uppercase();
        Ok(match action {
            Action::Truncate if empties(&event) => Reach::Empties,
            // Another server that has all that was recorded is the same source.
            Action::SourceChanged if detail("lost").is_none() => Reach::Nothing,
            // Of a database: routines and triggers change no value, nor does what belongs to no database.
            Action::Schema if kind != "schema" || !(text.is_empty() || text.contains("DROP")) => {
                Reach::Nothing
            }
            _ => Reach::Doubt,
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Nothing,
    Doubt,
    Empties,
}
