//! One resource's events, newest first in log order.

use std::sync::Arc;

use conftrail_core::ports::{Cursor, Page};
use rusqlite::{Connection, params};

use crate::error::Error;
use crate::trail::place::{PLACE, Place, Question};
use crate::trail::search::{LARGEST_PAGE, PAGE_BYTES, read_event};

/// What a timeline's cursors begin with.
const CURSOR: char = 't';

/// Returns one page of the events of a resource, and of those that renamed another into it.
pub(super) fn timeline(
    connection: &Connection,
    resource: &str,
    limit: usize,
    cursor: Option<&Cursor>,
) -> Result<Page, Error> {
    let question = Question::of(resource);
    let after = cursor.map(|cursor| Place::parse(cursor, CURSOR, question)).transpose()?;
    let Place { epoch, partition, offset, key, .. } = after.unwrap_or(LAST);
    let limit = limit.clamp(1, LARGEST_PAGE);
    let mut select = connection.prepare_cached(&format!(
        "SELECT {PLACE} FROM events e INDEXED BY events_by_resource
         WHERE e.resource = ?1 AND (e.epoch, e.partition, e.offset, e.key) < (?2, ?3, ?4, ?5)
         UNION ALL
         SELECT {PLACE} FROM events e INDEXED BY events_by_renamed
         WHERE e.renamed_to = ?1 AND e.resource <> ?1
           AND (e.epoch, e.partition, e.offset, e.key) < (?2, ?3, ?4, ?5)
         ORDER BY 2 DESC, 3 DESC, 4 DESC, 5 DESC LIMIT ?6"
    ))?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut rows = select.query(params![resource, epoch, partition, offset, key, most])?;
    let mut page = Page::default();
    let mut last = None;
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        if page.events.len() == limit || bytes > PAGE_BYTES {
            page.next = last.map(|last: Place| last.cursor(CURSOR, question));
            break;
        }
        let place = Place::read(row, 0)?;
        let (event, size) = read_event(connection, place.key)?;
        bytes += size;
        last = Some(place);
        page.events.push(Arc::new(event));
    }
    Ok(page)
}

/// Comes after every event.
const LAST: Place =
    Place { time: i64::MAX, epoch: i64::MAX, partition: i64::MAX, offset: i64::MAX, key: i64::MAX };
