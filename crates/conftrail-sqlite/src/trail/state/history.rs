//! What is on record of one resource, on both sides of a time.

use conftrail_core::ports::{Ground, Why};
use conftrail_core::{Event, EventId, Timestamp, flag};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::event_id;
use crate::error::Error;
use crate::trail::place::{PLACE, Place, last_key};

/// The actions that say what a resource's content is.
const VALUES: &str = "('create', 'update', 'snapshot', 'delete', 'rename')";
/// Outcomes that are looked through for that of one prepared transaction.
const MOST_OUTCOMES: usize = 200;

/// The events of a resource around a time.
pub(super) struct History {
    /// The last in log order that was committed at the time or before.
    pub(super) last: Option<Place>,
    /// The first in log order that was committed later.
    pub(super) next: Option<Next>,
}

/// An event that was committed later.
pub(super) struct Next {
    pub(super) place: Place,
    pub(super) id: EventId,
    pub(super) is_suspect: bool,
}

impl Next {
    pub(super) fn ground(&self, why: Why) -> Ground {
        Ground { why, event: Some(self.id), time: Some(Timestamp::from_micros(self.place.time)) }
    }
}

impl History {
    pub(super) fn read(connection: &Connection, resource: &str, at: Timestamp) -> Result<Self, Error> {
        let select = |bound: &str, direction: &str| {
            format!(
                "SELECT {PLACE}, e.id, e.flags FROM events e INDEXED BY events_by_resource
                 WHERE e.resource = ?1 AND e.action IN {VALUES} AND e.time {bound} ?2
                 UNION ALL
                 SELECT {PLACE}, e.id, e.flags FROM events e INDEXED BY events_by_renamed
                 WHERE e.renamed_to = ?1 AND e.resource <> ?1 AND e.action IN {VALUES} AND e.time {bound} ?2
                 ORDER BY 2 {direction}, 3 {direction}, 4 {direction}, 5 {direction} LIMIT 1"
            )
        };
        let bounds = params![resource, at.micros()];
        let mut last = connection.prepare_cached(&select("<=", "DESC"))?;
        let last = last.query_row(bounds, |row| Place::read(row, 0)).optional()?;
        let mut next = connection.prepare_cached(&select(">", "ASC"))?;
        let mut rows = next.query(bounds)?;
        let next = match rows.next()? {
            None => None,
            Some(row) => {
                let flags: Option<String> = row.get(6)?;
                let is_suspect =
                    flags.is_some_and(|flags| flags.split(' ').any(|flag| flag == flag::CLOCK_SUSPECT));
                Some(Next { place: Place::read(row, 0)?, id: event_id(row, 5)?, is_suspect })
            }
        };
        Ok(Self { last, next })
    }
}

/// Returns what flags and later events say against an event that a state comes from.
pub(super) fn against(
    connection: &Connection,
    event: &Event,
    place: &Place,
    is_removed: bool,
    at: Timestamp,
) -> Result<Vec<Ground>, Error> {
    let own = |why| Ground { why, event: Some(event.id), time: Some(event.time) };
    let mut grounds: Vec<Ground> = Vec::new();
    for why in event.flags.iter().filter_map(|flag| Why::of_flag(flag, is_removed)) {
        if why != Why::XaPrepared && grounds.iter().all(|ground| ground.why != why) {
            grounds.push(own(why));
        }
    }
    let is_prepared = event.has_flag(flag::XA_PREPARED);
    match outcome(connection, event, place, is_prepared, at)? {
        Some(rolled_back) if rolled_back.why == Why::RolledBack => grounds.push(rolled_back),
        None if is_prepared => grounds.push(own(Why::XaPrepared)),
        _ => {}
    }
    grounds.extend(conflict(connection, event.id)?);
    Ok(grounds)
}

/// Returns what became of an event's transaction, as far as that is on record. Of one that was not prepared it stands at the
/// transaction's own time.
fn outcome(
    connection: &Connection,
    event: &Event,
    place: &Place,
    is_prepared: bool,
    at: Timestamp,
) -> Result<Option<Ground>, Error> {
    let Some(tx) = &event.tx else { return Ok(None) };
    let last = if is_prepared { i64::MAX } else { last_key(place.slice()) };
    let mut select = connection.prepare_cached(
        "SELECT e.key FROM events e INDEXED BY events_by_action
         WHERE e.action = 'outcome' AND e.key BETWEEN ?1 AND ?2 AND e.time <= ?3 AND e.source_name = ?4
         ORDER BY e.key LIMIT ?5",
    )?;
    let most = i64::try_from(MOST_OUTCOMES).unwrap_or(i64::MAX);
    // Within a slice of time keys follow the arrival, and an outcome arrives after what it is of.
    let bounds = params![place.key, last, at.micros(), &*event.source.name, most];
    let mut keys = select.query(bounds)?;
    while let Some(row) = keys.next()? {
        let (found, _) = crate::trail::search::read_event(connection, row.get(0)?)?;
        let Some(detail) = &found.detail else { continue };
        let text = |name: &str| detail.get(name).and_then(conftrail_core::Value::as_text);
        if text("of") != Some(&tx.id) || found.source.name != event.source.name {
            continue;
        }
        let from = detail.get("from").and_then(|from| from.display().parse::<u64>().ok()).unwrap_or(0);
        let why = match text("result") {
            Some("committed") => Why::XaPrepared,
            _ if tx.seq >= from => Why::RolledBack,
            _ => continue,
        };
        return Ok(Some(Ground { why, event: Some(found.id), time: Some(found.time) }));
    }
    Ok(None)
}

/// Returns the record of another reading that differed, if there was one.
fn conflict(connection: &Connection, id: EventId) -> Result<Option<Ground>, Error> {
    let resource = format!("conftrail:conftrail/health/event%2F{id}");
    let mut select = connection.prepare_cached(
        "SELECT e.id, e.time FROM events e INDEXED BY events_by_resource WHERE e.resource = ?1 LIMIT 1",
    )?;
    let mut rows = select.query([resource])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let time = Timestamp::from_micros(row.get(1)?);
    Ok(Some(Ground { why: Why::Conflict, event: Some(event_id(row, 0)?), time: Some(time) }))
}
