//! What was stored after a place, by the number of its leaf: the order in which the trail took it, without a gap.

use std::sync::Arc;

use conftrail_core::Timestamp;
use conftrail_core::ports::{Cursor, FollowRequest, Followed, Recorded};
use conftrail_core::query::{EventView, matches};
use rusqlite::Connection;

use crate::body;
use crate::error::Error;
use crate::trail::place::NOT_OURS;
use crate::trail::search::{LARGEST_PAGE, MOST_CHECKED, PAGE_BYTES};

/// What the cursors begin with.
const CURSOR: char = 'f';

/// Returns what was stored after a place, oldest first.
pub(super) fn follow(
    connection: &Connection,
    request: &FollowRequest,
    now: Timestamp,
) -> Result<Followed, Error> {
    let (tree, size) = tree(connection)?;
    let cursor = |leaf: u64| Cursor(format!("{CURSOR}{tree}.{leaf}"));
    let Some(after) = &request.after else {
        return Ok(Followed { events: Vec::new(), next: cursor(size), more: false });
    };
    let first = parse(after, &tree, size)?;
    let limit = request.limit.clamp(1, LARGEST_PAGE);
    let mut select = connection.prepare_cached(
        "SELECT l.leaf, b.body FROM leaves l JOIN bodies b ON b.key = l.key WHERE l.leaf >= ?1 ORDER BY l.leaf",
    )?;
    let mut rows = select.query([first])?;
    let (mut events, mut next, mut bytes, mut checked) = (Vec::new(), size, 0, 0);
    while let Some(row) = rows.next()? {
        let leaf: u64 = row.get(0)?;
        if events.len() == limit || bytes > PAGE_BYTES || checked >= MOST_CHECKED {
            return Ok(Followed { events, next: cursor(leaf), more: true });
        }
        let stored = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        let event = body::decode(stored)?;
        if matches(&request.query, &EventView::new(&event, now)) {
            bytes += stored.len();
            events.push(Recorded { at: cursor(leaf + 1), event: Arc::new(event) });
        } else {
            checked += 1;
        }
        // What is removed by hand has a leaf and no body: `verify` tells of it, and it is passed over here.
        next = next.max(leaf + 1);
    }
    Ok(Followed { events, next: cursor(next), more: false })
}

/// Returns the name of the trail's tree, as far as it differs from that of others, and how many leaves it has.
fn tree(connection: &Connection) -> Result<(String, u64), Error> {
    let mut select = connection.prepare_cached("SELECT origin, size FROM tree")?;
    let (origin, size): (String, u64) = select.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let name = origin.rsplit('/').next().unwrap_or_default().to_owned();
    Ok((name, size))
}

/// Returns the first leaf that a cursor is for.
fn parse(cursor: &Cursor, tree: &str, size: u64) -> Result<u64, Error> {
    let (of, leaf) = cursor.0.strip_prefix(CURSOR).and_then(|rest| rest.split_once('.')).ok_or(NOT_OURS)?;
    let leaf: u64 = leaf.parse().map_err(|_| NOT_OURS)?;
    if of == tree && leaf <= size {
        Ok(leaf)
    } else {
        Err(Error::Rejected("follow from a place of another trail: begin without one"))
    }
}
