//! How resources stood at a time: the last thing on record up to then, and what speaks against believing it.

mod history;
mod judge;
mod wide;

use std::collections::HashMap;

use conftrail_core::ports::{Cursor, StatePage, StateRequest};
use conftrail_core::{EventId, Timestamp};
use rusqlite::{Connection, params};

use crate::error::Error;
use crate::trail::captured::Captured;
use crate::trail::current::{PAGE_BYTES, resource_of};
use crate::trail::search::LARGEST_PAGE;
use wide::Wide;

/// What the cursors begin with.
const CURSOR: char = 'a';

/// Returns one page of states. All resources that ever had a value stand in `current`, the removed ones too.
pub(super) fn page(connection: &Connection, request: &StateRequest) -> Result<StatePage, Error> {
    let after = request.cursor.as_ref().map(|cursor| resource_of(cursor, CURSOR, &request.prefix));
    let after = after.transpose()?.unwrap_or_default();
    let limit = request.limit.clamp(1, LARGEST_PAGE);
    let mut select = connection.prepare_cached(
        "SELECT resource FROM current WHERE resource >= ?1 AND resource > ?2 ORDER BY resource",
    )?;
    let mut resources = select.query(params![request.prefix, after])?;
    let mut asked = Asked::new(connection, request.at);
    let mut page = StatePage::default();
    while let Some(row) = resources.next()? {
        let resource: String = row.get(0)?;
        if !resource.starts_with(&request.prefix) {
            break;
        }
        if page.rows.len() == limit || asked.bytes > PAGE_BYTES {
            page.next = page.rows.last().map(|last| Cursor(format!("{CURSOR}{}", last.resource)));
            break;
        }
        page.rows.push(asked.row(resource)?);
    }
    Ok(page)
}

/// One question, and what the rows of its page share.
struct Asked<'c> {
    connection: &'c Connection,
    at: Timestamp,
    wide: Wide<'c>,
    captured: HashMap<String, Captured>,
    /// Bytes of the events read so far.
    bytes: usize,
}

impl<'c> Asked<'c> {
    fn new(connection: &'c Connection, at: Timestamp) -> Self {
        let wide = Wide::new(connection, at);
        Self { connection, at, wide, captured: HashMap::new(), bytes: 0 }
    }

    /// Returns from when to when a source is on record.
    fn captured(&mut self, source: &str) -> Result<&Captured, Error> {
        if !self.captured.contains_key(source) {
            let read = Captured::of_source(self.connection, source)?;
            self.captured.insert(source.to_owned(), read);
        }
        Ok(&self.captured[source])
    }
}

/// Reads an event's id from a column.
fn event_id(row: &rusqlite::Row<'_>, column: usize) -> Result<EventId, Error> {
    let text: String = row.get(column)?;
    EventId::parse(&text).map_err(|_| Error::Undecodable("the id of an event"))
}
