//! From when to when each source is on record without a gap, by its own clock.

use conftrail_core::{Action, Event, Progress, Timestamp};
use rusqlite::{Connection, params};

use crate::error::Error;

/// Notes how far sources were read.
pub(super) fn reached(connection: &Connection, progress: &[Progress]) -> Result<(), Error> {
    for Progress { source, watermark, .. } in progress {
        let mut go_on = connection
            .prepare_cached("UPDATE captured SET until = max(until, ?2) WHERE source = ?1 AND open = 1")?;
        let mut begin = connection.prepare_cached(
            "INSERT INTO captured SELECT ?1, ?2, ?2, 1
             WHERE NOT EXISTS (SELECT 1 FROM captured WHERE source = ?1 AND until >= ?2)",
        )?;
        let known = params![&**source, watermark.micros()];
        if go_on.execute(known)? == 0 {
            begin.execute(known)?;
        }
    }
    Ok(())
}

/// Ends a source's stretch if the event is a gap of it. One that is on record already may have ended an earlier one.
pub(super) fn gap(connection: &Connection, event: &Event, is_repeat: bool) -> Result<(), Error> {
    if event.action == Action::Gap {
        let ended = if is_repeat { event.time.micros() } else { i64::MAX };
        connection
            .prepare_cached("UPDATE captured SET open = 0 WHERE source = ?1 AND open = 1 AND since <= ?2")?
            .execute(params![&*event.source.name, ended])?;
    }
    Ok(())
}

/// The stretches of one source, oldest first.
#[derive(Default)]
pub(super) struct Captured(Vec<(i64, i64)>);

impl Captured {
    pub(super) fn of_source(connection: &Connection, source: &str) -> Result<Self, Error> {
        let mut select = connection
            .prepare_cached("SELECT since, until FROM captured WHERE source = ?1 ORDER BY since")?;
        let stretches = select.query_map([source], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self(stretches.collect::<Result<_, _>>()?))
    }

    /// Returns when the next stretch begins, of a time that lies in none; the end of time where no more is known.
    pub(super) fn hole(&self, time: Timestamp) -> Option<Timestamp> {
        let time = time.micros();
        if self.0.iter().any(|(since, until)| (*since..=*until).contains(&time)) {
            return None;
        }
        let next = self.0.iter().map(|(since, _)| *since).find(|since| *since > time);
        Some(Timestamp::from_micros(next.unwrap_or(i64::MAX)))
    }

    /// Returns since when the source is on record.
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.0.iter().map(|(since, _)| Timestamp::from_micros(*since)).min()
    }

    /// Returns how far the source was read.
    pub(super) fn until(&self) -> Option<Timestamp> {
        self.0.iter().map(|(_, until)| Timestamp::from_micros(*until)).max()
    }
}
