//! The current value of every resource: which event it comes from, and since when nothing is known of it.
//!
//! An event that empties a table, was written by statement, or stands for a gap leaves nothing below it as it was.
//! The values are not touched one by one: the newest such event of each prefix is kept, and asked when values
//! are read.

use std::collections::HashMap;

use conftrail_core::ports::{CurrentPage, CurrentRow, Cursor};
use conftrail_core::{Action, Event, ResourceKind, Value};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::error::Error;
use crate::trail::place::{NOT_OURS, OF_ANOTHER, Place};
use crate::trail::search::read_event;

/// What an event does to what is known at present.
pub(super) enum Effect<'e> {
    /// The value of the resource comes from the event, or was removed by it.
    Value { resource: &'e str, deleted: bool },
    /// Nothing is known any more of the resources whose ids start so.
    Unknown { prefix: String },
}

/// Returns what an event does; `of_source` says whether it is about a whole source.
pub(super) fn effects<'e>(
    action: Action,
    of_source: bool,
    resource: &'e str,
    renamed_to: Option<&'e str>,
) -> [Option<Effect<'e>>; 2] {
    let value = |resource, deleted| Some(Effect::Value { resource, deleted });
    match action {
        Action::Create | Action::Update | Action::Snapshot => [value(resource, false), None],
        Action::Delete => [value(resource, true), None],
        Action::Rename => match renamed_to.filter(|renamed| *renamed != resource) {
            Some(renamed) => [value(resource, true), value(renamed, false)],
            None => [value(resource, false), None],
        },
        Action::Truncate | Action::Statement | Action::Gap => {
            [Some(Effect::Unknown { prefix: prefix_below(resource, of_source) }), None]
        }
        Action::Schema
        | Action::Access
        | Action::Undecoded
        | Action::SourceChanged
        | Action::Tampered
        | Action::Outcome
        | Action::Redacted => [None, None],
    }
}

/// Moves the current values along with one new event. Newer log order wins.
pub(super) fn apply(connection: &Connection, key: i64, event: &Event) -> Result<(), Error> {
    let resource = &event.resource;
    let of_source = resource.kind == ResourceKind::Source;
    let effects = effects(event.action, of_source, &resource.id, resource.renamed_to.as_deref());
    for effect in effects.into_iter().flatten() {
        match effect {
            Effect::Value { resource, deleted } => set(connection, resource, deleted, key, event)?,
            Effect::Unknown { prefix } => unknown(connection, &prefix, key, event)?,
        }
    }
    Ok(())
}

fn unknown(connection: &Connection, prefix: &str, key: i64, event: &Event) -> Result<(), Error> {
    let mut note = connection.prepare_cached(
        "INSERT INTO unknown_since VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET
             epoch = excluded.epoch, partition = excluded.partition, offset = excluded.offset,
             time = excluded.time, key = excluded.key
         WHERE (excluded.epoch, excluded.partition, excluded.offset) >= (epoch, partition, offset)",
    )?;
    let Place { time, epoch, partition, offset, .. } = Place::of(event);
    note.execute(params![prefix, epoch, partition, offset, time, key])?;
    Ok(())
}

fn set(connection: &Connection, resource: &str, deleted: bool, key: i64, event: &Event) -> Result<(), Error> {
    let Place { time, epoch, partition, offset, .. } = Place::of(event);
    let mut upsert = connection.prepare_cached(
        "INSERT INTO current VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET
             epoch = excluded.epoch, partition = excluded.partition, offset = excluded.offset,
             time = excluded.time, key = excluded.key, deleted = excluded.deleted
         WHERE (excluded.epoch, excluded.partition, excluded.offset) >= (epoch, partition, offset)",
    )?;
    upsert.execute(params![resource, epoch, partition, offset, time, key, deleted])?;
    Ok(())
}

/// Returns what the ids of the resources begin with that an event about `resource` makes unknown: all of its source, or
/// all below its table or schema.
fn prefix_below(resource: &str, of_source: bool) -> String {
    let above = if of_source { resource.split_once('/').map(|(source, _)| source) } else { None };
    format!("{}/", above.unwrap_or(resource))
}

/// Bytes of values after which a page ends.
pub(super) const PAGE_BYTES: usize = 16 << 20;

/// Returns the values of the resources whose id starts with `prefix`, by id.
pub(super) fn page(
    connection: &Connection,
    prefix: &str,
    limit: usize,
    after: Option<&str>,
) -> Result<CurrentPage, Error> {
    let mut select = connection.prepare_cached(
        "SELECT time, epoch, partition, offset, key, resource FROM current
         WHERE resource >= ?1 AND resource > ?2 AND NOT deleted ORDER BY resource",
    )?;
    let mut rows = select.query(params![prefix, after.unwrap_or("")])?;
    let mut unknown = Unknown { connection, known: HashMap::new(), emptying: HashMap::new() };
    let mut page = CurrentPage::default();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let resource: String = row.get(5)?;
        if !resource.starts_with(prefix) {
            break;
        }
        let place = Place::read(row, 0)?;
        let lost = unknown.newest_after(&resource, &place)?;
        if let Some(lost) = lost
            && unknown.empties(lost.key)?
        {
            continue;
        }
        if page.rows.len() == limit || bytes > PAGE_BYTES {
            page.next = page.rows.last().map(|last: &CurrentRow| cursor(&last.resource));
            break;
        }
        let (event, size) = read_event(connection, lost.unwrap_or(place).key)?;
        bytes += size;
        let value = if lost.is_some() { None } else { event.after.clone() };
        page.rows.push(CurrentRow { resource, value, event: event.id, time: event.time });
    }
    Ok(page)
}

fn cursor(resource: &str) -> Cursor {
    Cursor(format!("c{resource}"))
}

/// Reads a cursor of [`page`].
///
/// # Errors
/// `Rejected` for anything else.
pub(super) fn parse(cursor: &Cursor, prefix: &str) -> Result<String, Error> {
    resource_of(cursor, 'c', prefix)
}

/// Reads a cursor that names the last resource of a page below a prefix.
///
/// # Errors
/// `Rejected` for one of another kind, and of another prefix.
pub(super) fn resource_of(cursor: &Cursor, kind: char, prefix: &str) -> Result<String, Error> {
    let resource = cursor.0.strip_prefix(kind).filter(|resource| !resource.is_empty()).ok_or(NOT_OURS)?;
    if resource.starts_with(prefix) { Ok(resource.to_owned()) } else { Err(OF_ANOTHER) }
}

/// Says whether an event emptied its table whole. A partition is emptied by an `ALTER TABLE`, and of a statement that failed
/// half way nobody knows what it left.
pub(super) fn empties(event: &Event) -> bool {
    let detail = |name: &str| event.detail.as_ref().and_then(|detail| detail.get(name));
    let text = detail("text").and_then(Value::as_text).unwrap_or_default();
    let is_whole = text.get(..8).is_some_and(|verb| verb.eq_ignore_ascii_case("TRUNCATE"));
    event.action == Action::Truncate && is_whole && detail("server_error").is_none()
}

/// Looks up since when resources are unknown; the rows of a page mostly share their prefixes.
struct Unknown<'c> {
    connection: &'c Connection,
    known: HashMap<String, Option<Place>>,
    /// Whether the events of these keys leave nothing of what lies below them.
    emptying: HashMap<i64, bool>,
}

impl Unknown<'_> {
    /// Returns the newest event after `place` that leaves nothing known of the resource.
    fn newest_after(&mut self, resource: &str, place: &Place) -> Result<Option<Place>, Error> {
        let mut newest = None;
        for (at, _) in resource.match_indices('/') {
            let since = self.of_prefix(&resource[..=at])?.filter(|since| comes_after(since, place));
            newest = newest.max(since);
        }
        Ok(newest)
    }

    /// Says whether nothing is left of what an event is about.
    fn empties(&mut self, key: i64) -> Result<bool, Error> {
        if let Some(known) = self.emptying.get(&key) {
            return Ok(*known);
        }
        let (event, _) = read_event(self.connection, key)?;
        Ok(*self.emptying.entry(key).or_insert(empties(&event)))
    }

    fn of_prefix(&mut self, prefix: &str) -> Result<Option<Place>, Error> {
        if let Some(known) = self.known.get(prefix) {
            return Ok(*known);
        }
        let mut select = self.connection.prepare_cached(
            "SELECT time, epoch, partition, offset, key FROM unknown_since WHERE prefix = ?1",
        )?;
        let found = select.query_row([prefix], |row| Place::read(row, 0)).optional()?;
        self.known.insert(prefix.to_owned(), found);
        Ok(found)
    }
}

/// Compares events of two resources. Within a partition the log's order decides; offsets of different partitions
/// say nothing, so time has to.
pub(super) fn comes_after(one: &Place, other: &Place) -> bool {
    if one.epoch != other.epoch {
        one.epoch > other.epoch
    } else if one.partition == other.partition {
        one.offset > other.offset
    } else {
        one.time > other.time
    }
}
