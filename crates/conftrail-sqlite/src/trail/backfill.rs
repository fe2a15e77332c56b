//! Brings a trail into the tree whose events were stored before there was one; once, in steps that may be cut off.

use conftrail_core::integrity::{CompactRange, TreeHash};
use conftrail_core::{Event, Timestamp};
use rusqlite::{Connection, TransactionBehavior, params};

use crate::body;
use crate::error::Error;
use crate::trail::grow::Growth;
use crate::trail::stored;

/// Events of one transaction.
const STEP: usize = 10_000;
/// Events after which progress is told.
const TELL_EVERY: u64 = 100_000;

/// Gives a leaf to every event that was there before the tree was, in the order of their keys. Nothing else writes
/// yet. An event that comes to be in the file later, without a leaf, never gets one: `verify` names it.
pub(super) fn backfill(connection: &mut Connection) -> Result<(), Error> {
    mend(connection)?;
    let (mut done, mut told) = (0_u64, 0_u64);
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let taken = step(&transaction)?;
        transaction.commit()?;
        done += taken as u64;
        if taken == 0 {
            break;
        }
        if done - told >= TELL_EVERY {
            told = done;
            tracing::info!(events = done, "giving older events their place in the tree");
        }
    }
    if done > 0 {
        tracing::info!(events = done, "every older event has its place in the tree");
    }
    Ok(())
}

/// Makes the state of the tree anew from its leaves when it cannot be understood: damage there must not stop the
/// recording. Whether it is the tree that was signed is asked when the key comes.
fn mend(connection: &Connection) -> Result<(), Error> {
    let state = "SELECT size, peaks FROM tree";
    let (size, peaks): (u64, Vec<u8>) =
        connection.query_row(state, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if CompactRange::restore(size, &peaks).is_ok() {
        return Ok(());
    }
    tracing::error!("the state of the trail's tree is damaged; it is made anew from its leaves");
    let mut range = CompactRange::default();
    let mut select = connection.prepare("SELECT hash FROM leaves ORDER BY leaf")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let hash = TreeHash::from_bytes(row.get_ref(0)?.as_blob().unwrap_or_default());
        range.push(hash.unwrap_or_else(TreeHash::empty), |_, _, _| {});
    }
    let update = "UPDATE tree SET size = ?1, peaks = ?2";
    connection.execute(update, params![range.size(), range.to_bytes()])?;
    Ok(())
}

/// Takes the next events and says how many they were.
fn step(connection: &Connection) -> Result<usize, Error> {
    let (older, newest): (Option<i64>, Option<i64>) =
        connection.query_row("SELECT older, (SELECT max(key) FROM leaves) FROM tree", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let Some(older) = older else { return Ok(0) };
    let keys: Vec<i64> = connection
        .prepare_cached("SELECT key FROM bodies WHERE key > ?1 AND key <= ?2 ORDER BY key LIMIT ?3")?
        .query_map(params![newest.unwrap_or(i64::MIN), older, STEP], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if keys.is_empty() {
        connection.execute("UPDATE tree SET older = NULL", [])?;
        return Ok(0);
    }
    let mut growth = Growth::load(connection)?;
    for key in &keys {
        let stored: Vec<u8> = connection
            .prepare_cached("SELECT body FROM bodies WHERE key = ?1")?
            .query_row([key], |row| row.get(0))?;
        let event: Event = body::decode(&stored)?;
        let (json, leaf) = stored::json(&event);
        let body = body::encode_json(&json, body::KEPT)?;
        growth.add(*key, event.id, leaf, &body)?;
        connection
            .prepare_cached("UPDATE bodies SET body = ?2 WHERE key = ?1")?
            .execute(params![key, body])?;
    }
    // Signed when the trail is sealed: there is no key yet.
    growth.store(None, Timestamp::default())?;
    Ok(keys.len())
}
