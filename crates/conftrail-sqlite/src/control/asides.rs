//! What could not be processed, kept as it came.

use conftrail_core::Timestamp;
use conftrail_core::own::Aside;
use rusqlite::{Connection, params};

use super::json;
use crate::error::Error;

/// Keeps something aside; the first of a place and key stays. Returns whether it is new.
pub(super) fn insert(connection: &Connection, aside: &Aside) -> Result<bool, Error> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO asides (place, key, time, reason, bytes) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (place, key) DO NOTHING",
    )?;
    let row = params![aside.place, aside.key, aside.time.micros(), aside.reason, aside.bytes];
    Ok(insert.execute(row)? > 0)
}

/// Returns what was set aside, newest first.
pub(super) fn list(connection: &Connection, limit: usize) -> Result<Vec<Aside>, Error> {
    let mut statement = connection
        .prepare_cached("SELECT place, key, time, reason, bytes FROM asides ORDER BY seq DESC LIMIT ?1")?;
    let asides = statement.query_map([json::limit(limit)], |row| {
        Ok(Aside {
            place: row.get(0)?,
            key: row.get(1)?,
            time: Timestamp::from_micros(row.get(2)?),
            reason: row.get(3)?,
            bytes: row.get(4)?,
        })
    })?;
    Ok(asides.collect::<Result<_, _>>()?)
}
