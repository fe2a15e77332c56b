//! The pace of integrations: the times of their last attempts, so that a restart forgets nothing that the channel remembers.

use conftrail_core::Timestamp;
use conftrail_core::alerting::{Backlog, Begin, Lane, RateLimit};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::outbox;
use crate::error::Error;

/// Begins an attempt at a notification, unless its integration had as many as its limit allows.
pub(super) fn intend(
    connection: &Connection,
    id: &str,
    now: Timestamp,
    limit: RateLimit,
) -> Result<Begin, Error> {
    let lane: Option<Lane> = connection
        .prepare_cached("SELECT receiver, integration FROM notifications WHERE id = ?1")?
        .query_row([id], |row| Ok(Lane { receiver: row.get(0)?, integration: row.get(1)? }))
        .optional()?;
    let Some(lane) = lane else { return Ok(Begin::Not) };
    forget(connection, &lane, now, limit)?;
    if let Some(free_at) = free_at(connection, &lane, limit)? {
        return Ok(Begin::NotBefore(free_at));
    }
    if !outbox::intend(connection, id, now)? {
        return Ok(Begin::Not);
    }
    connection
        .prepare_cached("INSERT INTO attempts (receiver, integration, at) VALUES (?1, ?2, ?3)")?
        .execute(params![lane.receiver, lane.integration, now.micros()])?;
    Ok(Begin::Now)
}

/// Counts what is due for an integration, and the attempts that it may have at once.
pub(super) fn backlog(
    connection: &Connection,
    lane: &Lane,
    now: Timestamp,
    limit: RateLimit,
) -> Result<Backlog, Error> {
    let mut due = connection.prepare_cached(
        "SELECT count(*) FROM notifications INDEXED BY notifications_by_lane
         WHERE state IN ('queued', 'unknown') AND receiver = ?1 AND integration = ?2 AND due <= ?3",
    )?;
    let due: u64 = due.query_row(params![lane.receiver, lane.integration, now.micros()], |row| row.get(0))?;
    let (from, to) = (now.minus(limit.per), now.plus(limit.per));
    let mut begun = connection.prepare_cached(
        "SELECT count(*) FROM attempts WHERE receiver = ?1 AND integration = ?2 AND at > ?3 AND at <= ?4",
    )?;
    let parameters = params![lane.receiver, lane.integration, from.micros(), to.micros()];
    let begun: u32 = begun.query_row(parameters, |row| row.get(0))?;
    Ok(Backlog { due, free: limit.count.saturating_sub(begun) })
}

/// Removes attempts that do not count any more. One far in the future was made before the clock was set back.
fn forget(connection: &Connection, lane: &Lane, now: Timestamp, limit: RateLimit) -> Result<(), Error> {
    let (from, to) = (now.minus(limit.per), now.plus(limit.per));
    connection
        .prepare_cached(
            "DELETE FROM attempts WHERE receiver = ?1 AND integration = ?2 AND (at <= ?3 OR at > ?4)",
        )?
        .execute(params![lane.receiver, lane.integration, from.micros(), to.micros()])?;
    Ok(())
}

/// Returns when the next attempt may begin, where that is not at once.
fn free_at(connection: &Connection, lane: &Lane, limit: RateLimit) -> Result<Option<Timestamp>, Error> {
    let mut nth = connection.prepare_cached(
        "SELECT at FROM attempts WHERE receiver = ?1 AND integration = ?2 ORDER BY at DESC LIMIT 1 OFFSET ?3",
    )?;
    let parameters = params![lane.receiver, lane.integration, limit.count.saturating_sub(1)];
    let at: Option<i64> = nth.query_row(parameters, |row| row.get(0)).optional()?;
    Ok(at.map(|at| Timestamp::from_micros(at).plus(limit.per)))
}
