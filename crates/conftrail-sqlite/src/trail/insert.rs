//! Writing events: every table of one call in one transaction.

use std::collections::HashMap;

use conftrail_core::canonical::event_bytes;
use conftrail_core::integrity::SigningKey;
use conftrail_core::ports::{Refusal, WriteReport};
use conftrail_core::{Event, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::body;
use crate::error::Error;
use crate::trail::grow::Growth;
use crate::trail::place::{Place, Slice, first_key, last_key};
use crate::trail::prepare::Prepared;
use crate::trail::rollup::Counts;
use crate::trail::row::Row;
use crate::trail::{captured, current};

/// Stores events and says what became of each.
pub(super) fn insert(
    connection: &Connection,
    mut prepared: Vec<Prepared>,
    (signing, now): (Option<&SigningKey>, Timestamp),
) -> Result<WriteReport, Error> {
    // In time's order: keys then count up as they should, and so do the full text's rows. The sort is stable, so
    // that of two readings of one change in a call the first stays.
    prepared.sort_by_key(|one| Place::of(&one.event));
    let mut report = WriteReport::default();
    let mut keys = Keys { connection, last: HashMap::new() };
    let mut counts = Counts::default();
    let mut growth = Growth::load(connection)?;
    for one in &prepared {
        let Some(key) = keys.next(&one.event)? else {
            let reason = "there are too many events at one moment".to_owned();
            report.refused.push(Refusal { id: one.event.id, reason });
            continue;
        };
        report.done += 1;
        if insert_row(connection, key, &one.event)? {
            keys.took(key, &one.event)?;
            let text = [
                ("bodies (key, body)", &one.body as &dyn rusqlite::ToSql),
                ("words (rowid, text)", &one.words),
            ];
            for (table, value) in text {
                let sql = format!("INSERT INTO {table} VALUES (?1, ?2)");
                connection.prepare_cached(&sql)?.execute(params![key, value])?;
            }
            growth.add(key, one.event.id, one.leaf, &one.body)?;
            current::apply(connection, key, &one.event)?;
            captured::gap(connection, &one.event, false)?;
            counts.add(&one.event);
        } else {
            captured::gap(connection, &one.event, true)?;
            repeated(connection, &one.event, &mut report)?;
        }
    }
    counts.store(connection)?;
    if report.done > report.repeated {
        growth.store(signing, now)?;
    }
    Ok(report)
}

/// Inserts the searchable side of an event and says whether its id was new.
pub(super) fn insert_row(connection: &Connection, key: i64, event: &Event) -> Result<bool, Error> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
            ?19, ?20, ?21, ?22, ?23, ?24)
         ON CONFLICT (id) DO NOTHING",
    )?;
    let row = Row::of(event);
    insert.raw_bind_parameter(1, key)?;
    for (place, cell) in (2..).zip(row.cells(event.log.unwrap_or_default())) {
        insert.raw_bind_parameter(place, cell)?;
    }
    Ok(insert.raw_execute()? > 0)
}

/// Compares a repeat with the event on record, which stays.
fn repeated(connection: &Connection, event: &Event, report: &mut WriteReport) -> Result<(), Error> {
    report.repeated += 1;
    let mut select = connection
        .prepare_cached("SELECT body FROM bodies WHERE key = (SELECT key FROM events WHERE id = ?1)")?;
    let stored: Vec<u8> = select.query_row([event.id.as_str()], |row| row.get(0))?;
    let mut known: Event = body::decode(&stored)?;
    let repeat = event_bytes(event);
    if event_bytes(&known) == repeat {
        return Ok(());
    }
    known.adopt_reading(event);
    if event_bytes(&known) == repeat {
        report.re_attributed += 1;
    } else {
        report.conflicts.push(event.id);
    }
    Ok(())
}

/// Hands out keys.
struct Keys<'c> {
    connection: &'c Connection,
    /// The last key of each slice and the place it belongs to.
    last: HashMap<Slice, Option<Place>>,
}

impl Keys<'_> {
    /// Returns the next key of the event's slice; none when the slice is full.
    fn next(&mut self, event: &Event) -> Result<Option<i64>, Error> {
        let slice = Place::of(event).slice();
        let last = match self.last.get(&slice) {
            Some(last) => *last,
            None => {
                let last = self.read_last(slice)?;
                self.last.insert(slice, last);
                last
            }
        };
        let key = last.map_or(first_key(slice), |last| last.key + 1);
        Ok(Some(key).filter(|key| *key <= last_key(slice)))
    }

    /// Notes that a key is an event's, and that its slice is not in order if the event belongs further back.
    fn took(&mut self, key: i64, event: &Event) -> Result<(), Error> {
        let place = Place { key, ..Place::of(event) };
        let slice = place.slice();
        let late = self.last.get(&slice).copied().flatten().is_some_and(|last| place < last);
        if late {
            let note = "INSERT INTO unordered_slices VALUES (?1) ON CONFLICT DO NOTHING";
            self.connection.prepare_cached(note)?.execute([slice])?;
        }
        self.last.insert(slice, Some(place));
        Ok(())
    }

    fn read_last(&self, slice: Slice) -> Result<Option<Place>, Error> {
        let mut select = self.connection.prepare_cached(
            "SELECT time, epoch, partition, offset, key FROM events
             WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1",
        )?;
        let bounds = params![first_key(slice), last_key(slice)];
        Ok(select.query_row(bounds, |row| Place::read(row, 0)).optional()?)
    }
}
