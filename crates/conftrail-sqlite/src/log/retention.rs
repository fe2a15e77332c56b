//! Trimming: what every group has read and is old enough goes, a little at a time.

use async_trait::async_trait;
use conftrail_core::ports::Retention;
use conftrail_core::{PortResult, Timestamp};
use rusqlite::{Connection, params};

use crate::error::{During as _, Error};
use crate::log::ChangeLog;

/// Most records removed in one transaction, so that appends do not wait long.
const STEP: i64 = 2_000;

#[async_trait]
impl Retention for ChangeLog {
    async fn retire(&self, now: Timestamp) -> PortResult<u64> {
        let before = now.minus(self.retain).micros();
        self.database.write(move |connection| trim(connection, before)).await.during("trim the change log")
    }
}

/// Removes the oldest records that were appended before a time and read by every group. Without any group nobody
/// has read anything.
fn trim(connection: &Connection, before: i64) -> Result<u64, Error> {
    let oldest = "SELECT offset, appended FROM records
                  WHERE offset < (SELECT min(next) FROM groups) ORDER BY offset LIMIT ?1";
    let last: Option<i64> = connection.query_row(
        &format!("SELECT max(offset) FROM ({oldest}) WHERE appended < ?2"),
        params![STEP, before],
        |row| row.get(0),
    )?;
    let Some(last) = last else { return Ok(0) };
    let removed = connection.execute("DELETE FROM records WHERE offset <= ?1", [last])?;
    Ok(removed as u64)
}
