//! Pages of events, newest first by time and log order.

use std::ops::ControlFlow;
use std::sync::Arc;

use conftrail_core::ports::{Page, SearchRequest};
use conftrail_core::query::{EventView, Query, matches};
use conftrail_core::{Event, Timestamp};
use rusqlite::Connection;

use crate::body;
use crate::error::Error;
use crate::trail::compile::Plan;
use crate::trail::place::{Place, Question, Slice, last_key};
use crate::trail::route::{self, Purpose};
use crate::trail::scan;

/// What a search's cursors begin with.
const CURSOR: char = 's';
/// Most events on a page.
pub(super) const LARGEST_PAGE: usize = 10_000;
/// Bytes of events after which a page ends.
pub(super) const PAGE_BYTES: usize = 32 << 20;
/// Events that are read in vain before a page ends short, with a cursor to go on from. It bounds what a search
/// costs that no index helps with: about a tenth of a second.
pub(super) const MOST_CHECKED: usize = 3_000;

/// Returns one page.
pub(super) fn search(
    connection: &Connection,
    request: &SearchRequest,
    now: Timestamp,
) -> Result<Page, Error> {
    let question = Question::of(&request.query.to_string());
    let after = request.cursor.as_ref().map(|cursor| Place::parse(cursor, CURSOR, question)).transpose()?;
    let plan = Plan::new(&request.query, (request.since, request.until), now);
    let (low, high) = scan::keys(&plan);
    let high = match &after {
        Some(after) if is_unordered(connection, after.slice())? => high.min(last_key(after.slice())),
        Some(after) => high.min(after.key),
        None => high,
    };
    let route = route::choose(connection, &plan, (low, high), Purpose::Page)?;
    let mut pager = Pager {
        connection,
        query: &request.query,
        question,
        exact: route.exact,
        now,
        limit: request.limit.clamp(1, LARGEST_PAGE),
        after,
        page: Page::default(),
        last: None,
        bytes: 0,
        checked: 0,
    };
    let mut held = Held { slice: None, unordered: false, places: Vec::new() };
    let mut ended = false;
    scan::each_row(connection, &plan, &route, &[], &mut |row| {
        let place = Place::read(row, 0)?;
        let flow = held.take(connection, place, &mut pager)?;
        ended = flow.is_break();
        Ok(flow)
    })?;
    if !ended {
        // Whatever its answer, there is nothing after it.
        let _ = held.release(&mut pager)?;
    }
    Ok(pager.page)
}

/// Holds back the rows of a slice whose keys are not in order, until the slice is complete.
struct Held {
    slice: Option<Slice>,
    unordered: bool,
    places: Vec<Place>,
}

impl Held {
    fn take(
        &mut self,
        connection: &Connection,
        place: Place,
        pager: &mut Pager<'_>,
    ) -> Result<ControlFlow<()>, Error> {
        if self.slice != Some(place.slice()) {
            if self.release(pager)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.slice = Some(place.slice());
            self.unordered = is_unordered(connection, place.slice())?;
        }
        if self.unordered {
            self.places.push(place);
            return Ok(ControlFlow::Continue(()));
        }
        pager.take(place)
    }

    fn release(&mut self, pager: &mut Pager<'_>) -> Result<ControlFlow<()>, Error> {
        let mut places = std::mem::take(&mut self.places);
        places.sort_unstable_by(|one, other| other.cmp(one));
        for place in places {
            if pager.take(place)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Fills a page.
struct Pager<'r> {
    connection: &'r Connection,
    query: &'r Query,
    question: Question,
    exact: bool,
    now: Timestamp,
    limit: usize,
    after: Option<Place>,
    page: Page,
    /// The last place that was looked at and belongs to this page or to none.
    last: Option<Place>,
    bytes: usize,
    checked: usize,
}

impl Pager<'_> {
    /// Takes the next place in order; breaks when the page has ended before it.
    fn take(&mut self, place: Place) -> Result<ControlFlow<()>, Error> {
        if self.after.is_some_and(|after| place >= after) {
            return Ok(ControlFlow::Continue(()));
        }
        let full = self.bytes > PAGE_BYTES || self.checked >= MOST_CHECKED;
        if full {
            return Ok(self.end());
        }
        let (event, size) = read_event(self.connection, place.key)?;
        if !self.exact && !matches(self.query, &EventView::new(&event, self.now)) {
            self.checked += 1;
            self.last = Some(place);
            return Ok(ControlFlow::Continue(()));
        }
        if self.page.events.len() == self.limit {
            return Ok(self.end());
        }
        self.bytes += size;
        self.last = Some(place);
        self.page.events.push(Arc::new(event));
        Ok(ControlFlow::Continue(()))
    }

    fn end(&mut self) -> ControlFlow<()> {
        self.page.next = self.last.map(|last| last.cursor(CURSOR, self.question));
        ControlFlow::Break(())
    }
}

fn is_unordered(connection: &Connection, slice: Slice) -> Result<bool, Error> {
    let mut select = connection.prepare_cached("SELECT 1 FROM unordered_slices WHERE slice = ?1")?;
    Ok(select.exists([slice])?)
}

/// Reads the event of a key, and how many bytes it takes in its stored form.
pub(super) fn read_event(connection: &Connection, key: i64) -> Result<(Event, usize), Error> {
    let mut select = connection.prepare_cached("SELECT body FROM bodies WHERE key = ?1")?;
    let mut rows = select.query([key])?;
    let row = rows.next()?.ok_or(Error::Undecodable("an event that the index names"))?;
    let stored = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
    Ok((body::decode(stored)?, stored.len()))
}
