//! Silences, and what they hold back until their end is told.

use async_trait::async_trait;
use conftrail_core::alerting::{EndedSilence, HeldBack, HeldBackSum, Silence};
use conftrail_core::own::Act;
use conftrail_core::ports::Silences;
use conftrail_core::{PortResult, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::ControlStore;
use super::{acts, json};
use crate::error::{During as _, Error};

/// The most silences that hold or will hold.
const MOST: i64 = 1000;
/// Ends told in one fold.
const ENDS_AT_ONCE: i64 = 20;

#[async_trait]
impl Silences for ControlStore {
    async fn add_silence(&self, silence: &Silence, act: &Act) -> PortResult<()> {
        let (silence, act) = (silence.clone(), act.clone());
        let adding = self.database.write(move |connection| add(connection, &silence, &act));
        adding.await.during("store a silence")
    }

    async fn silences(&self, ending_after: Timestamp, limit: usize) -> PortResult<Vec<Silence>> {
        let reading = self.database.read(move |connection| {
            let sql = "SELECT body FROM silences WHERE ends > ?1 ORDER BY seq DESC LIMIT ?2";
            json::bodies(connection, sql, params![ending_after.micros(), json::limit(limit)], "a silence")
        });
        reading.await.during("list silences")
    }

    async fn silence(&self, id: &str) -> PortResult<Option<Silence>> {
        let id = id.to_owned();
        self.database.read(move |connection| one(connection, &id)).await.during("read a silence")
    }

    async fn expire_silence(&self, id: &str, now: Timestamp, act: &Act) -> PortResult<bool> {
        let (id, act) = (id.to_owned(), act.clone());
        let ending = self.database.write(move |connection| expire(connection, &id, now, &act));
        ending.await.during("end a silence")
    }
}

fn add(connection: &Connection, silence: &Silence, act: &Act) -> Result<(), Error> {
    if one(connection, &silence.id)?.is_some() {
        return Ok(());
    }
    let mut count = connection.prepare_cached("SELECT count(*) FROM silences WHERE ends > ?1")?;
    let holding: i64 = count.query_row([silence.created.micros()], |row| row.get(0))?;
    if holding >= MOST {
        return Err(Error::Rejected("end silences that are not needed: there are 1000 already"));
    }
    let mut insert =
        connection.prepare_cached("INSERT INTO silences (id, starts, ends, body) VALUES (?1, ?2, ?3, ?4)")?;
    let (starts, ends) = (silence.starts.micros(), silence.ends.micros());
    insert.execute(params![silence.id, starts, ends, json::encode(silence)])?;
    acts::insert(connection, act)
}

fn one(connection: &Connection, id: &str) -> Result<Option<Silence>, Error> {
    Ok(json::bodies(connection, "SELECT body FROM silences WHERE id = ?1", [id], "a silence")?.pop())
}

fn expire(connection: &Connection, id: &str, now: Timestamp, act: &Act) -> Result<bool, Error> {
    let Some(mut silence) = one(connection, id)?.filter(|silence| silence.ends > now) else {
        return Ok(false);
    };
    silence.starts = silence.starts.min(now);
    silence.ends = now;
    let mut update =
        connection.prepare_cached("UPDATE silences SET starts = ?2, ends = ?3, body = ?4 WHERE id = ?1")?;
    update.execute(params![id, silence.starts.micros(), now.micros(), json::encode(&silence)])?;
    acts::insert(connection, act)?;
    Ok(true)
}

/// Returns the silences that hold, oldest first.
pub(super) fn holding(connection: &Connection, now: Timestamp) -> Result<Vec<Silence>, Error> {
    let sql = "SELECT body FROM silences WHERE starts <= ?1 AND ends > ?1 ORDER BY seq";
    json::bodies(connection, sql, [now.micros()], "a silence")
}

/// Returns the silences whose end is to be told, with what they held back. What still gathers under one is counted
/// first: then its end waits for the next fold.
pub(super) fn ended(connection: &Connection, now: Timestamp) -> Result<Vec<EndedSilence>, Error> {
    let sql = "SELECT body FROM silences s WHERE told = 0 AND ends <= ?1 AND NOT EXISTS (
                   SELECT 1 FROM alerts a WHERE a.silence = s.id AND a.state = 'collecting')
               ORDER BY ends LIMIT ?2";
    let silences: Vec<Silence> =
        json::bodies(connection, sql, params![now.micros(), ENDS_AT_ONCE], "a silence")?;
    let with_sums = |silence: Silence| {
        let held_back = sums(connection, &silence.id)?;
        Ok(EndedSilence { silence, held_back })
    };
    silences.into_iter().map(with_sums).collect()
}

fn sums(connection: &Connection, silence: &str) -> Result<Vec<HeldBackSum>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT receiver, integration, count(*), sum(findings) FROM held_back WHERE silence = ?1
         GROUP BY receiver, integration ORDER BY receiver, integration",
    )?;
    let sums = statement.query_map([silence], |row| {
        Ok(HeldBackSum {
            receiver: row.get(0)?,
            integration: row.get(1)?,
            announcements: row.get(2)?,
            findings: row.get(3)?,
        })
    })?;
    Ok(sums.collect::<Result<_, _>>()?)
}

/// Notes what a silence held back: each notification once, and none after its end was told.
pub(super) fn hold_back(connection: &Connection, held: &HeldBack) -> Result<(), Error> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO held_back (notification, silence, receiver, integration, findings)
         SELECT ?1, id, ?3, ?4, ?5 FROM silences WHERE id = ?2 AND told = 0
         ON CONFLICT (notification) DO NOTHING",
    )?;
    let HeldBack { silence, notification, receiver, integration, findings } = held;
    let findings = i64::try_from(*findings).unwrap_or(i64::MAX);
    insert.execute(params![notification, silence, receiver, integration, findings])?;
    Ok(())
}

/// Notes that a silence's end was told.
pub(super) fn told(connection: &Connection, id: &str) -> Result<(), Error> {
    connection.prepare_cached("UPDATE silences SET told = 1 WHERE id = ?1")?.execute([id])?;
    connection.prepare_cached("DELETE FROM held_back WHERE silence = ?1")?.execute([id])?;
    Ok(())
}

/// Returns groups whose silence has ended, the longest due first.
pub(super) fn freed_groups(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<String>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT a.group_key FROM silences s JOIN alerts a ON a.silence = s.id AND a.state = 'collecting'
         WHERE s.told = 0 AND s.ends <= ?1 ORDER BY s.ends, a.seq LIMIT ?2",
    )?;
    let keys = statement.query_map(params![now.micros(), json::limit(limit)], |row| row.get(0))?;
    Ok(keys.collect::<Result<_, _>>()?)
}

/// Says whether an alert's silence, if it has one, is over.
pub(super) fn is_freed(
    connection: &Connection,
    silence: Option<&str>,
    now: Timestamp,
) -> Result<bool, Error> {
    let Some(id) = silence else { return Ok(false) };
    let mut statement = connection.prepare_cached("SELECT ends FROM silences WHERE id = ?1")?;
    let ends: Option<i64> = statement.query_row([id], |row| row.get(0)).optional()?;
    Ok(ends.is_none_or(|ends| ends <= now.micros()))
}
