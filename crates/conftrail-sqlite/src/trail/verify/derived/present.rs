//! The present values: each resource's row must stand for its newest event, and each row for an event of its resource.

use std::borrow::Cow;
use std::collections::BTreeMap;

use conftrail_core::EventId;
use conftrail_core::integrity::{Finding, FindingKind};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::error::Error;
use crate::trail::current::{Effect, effects};
use crate::trail::place::{PLACE, Place};
use crate::trail::verify::derived::Suspects;
use crate::trail::verify::derived::rows::Known;

/// A table with one row for each name, which stands for the newest event about it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Table {
    Current,
    UnknownSince,
}

impl Table {
    fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::UnknownSince => "unknown_since",
        }
    }

    /// Returns the columns of a row: a place, whether its event removed the resource, and the name.
    fn select(self) -> &'static str {
        match self {
            Self::Current => "SELECT time, epoch, partition, offset, key, deleted, resource FROM current",
            Self::UnknownSince => "SELECT time, epoch, partition, offset, key, 0, prefix FROM unknown_since",
        }
    }

    fn select_one(self) -> &'static str {
        match self {
            Self::Current => "SELECT epoch, partition, offset FROM current WHERE resource = ?1",
            Self::UnknownSince => "SELECT epoch, partition, offset FROM unknown_since WHERE prefix = ?1",
        }
    }
}

/// The rows that an event sets: the table, the name, and whether the resource was removed.
fn rows_of<'e>(known: &Known<'e>) -> impl Iterator<Item = (Table, Cow<'e, str>, bool)> {
    let effects = match known.action {
        Some(action) => effects(action, known.of_source, known.resource, known.renamed_to),
        None => [None, None],
    };
    effects.into_iter().flatten().map(|effect| match effect {
        Effect::Value { resource, deleted } => (Table::Current, resource.into(), deleted),
        Effect::Unknown { prefix } => (Table::UnknownSince, prefix.into(), false),
    })
}

/// The order of the log.
type LogOrder = (i64, i64, i64);

fn log_order(place: &Place) -> LogOrder {
    (place.epoch, place.partition, place.offset)
}

/// A row that does not stand for its newest event.
#[derive(Clone, Copy)]
struct Behind {
    newest: LogOrder,
    event: Option<EventId>,
    gone: bool,
}

pub(super) struct Present<'c> {
    connection: &'c Connection,
    suspects: &'c Suspects,
    /// What was found so far; nothing while all is well.
    behind: BTreeMap<(Table, String), Behind>,
}

impl<'c> Present<'c> {
    pub(super) fn new(connection: &'c Connection, suspects: &'c Suspects) -> Self {
        Self { connection, suspects, behind: BTreeMap::new() }
    }

    /// Compares the rows that an event sets: they stand for it or for a newer one.
    pub(super) fn meet(&mut self, known: &Known<'_>) -> Result<(), Error> {
        let newest = log_order(&known.place);
        for (table, name, _) in rows_of(known) {
            let mut select = self.connection.prepare_cached(table.select_one())?;
            let stored: Option<LogOrder> =
                select.query_row([&*name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
            if stored.is_some_and(|stored| stored >= newest) {
                continue;
            }
            let one = Behind { newest, event: known.id, gone: stored.is_none() };
            let so_far = self.behind.entry((table, name.into_owned())).or_insert(one);
            if so_far.newest <= newest {
                *so_far = one;
            }
        }
        Ok(())
    }

    pub(super) fn finish(self, findings: &mut Vec<Finding>) -> Result<(), Error> {
        for table in [Table::Current, Table::UnknownSince] {
            self.unfounded(table, findings)?;
        }
        for ((table, name), behind) in self.behind {
            let (kind, text) = if behind.gone {
                (FindingKind::Removed, "what it says of the present is gone")
            } else {
                (FindingKind::Changed, "it does not stand for the newest event, which is this one")
            };
            findings.push(Finding::new(kind, text).of_event(behind.event).in_row(table.name(), name));
        }
        Ok(())
    }

    /// Names the rows that do not stand for the event that they name.
    fn unfounded(&self, table: Table, findings: &mut Vec<Finding>) -> Result<(), Error> {
        let mut select = self.connection.prepare(table.select())?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let place = Place::read(row, 0)?;
            let (deleted, name): (bool, String) = (row.get(5)?, row.get(6)?);
            if self.suspects.has(place.key) || self.stands_for(table, &name, deleted, &place)? {
                continue;
            }
            if self.behind.contains_key(&(table, name.clone())) {
                continue;
            }
            let (kind, text) = if self.has_events(table, &name)? {
                (FindingKind::Changed, "it does not say what its event says")
            } else {
                (FindingKind::Added, "no event says this of the present")
            };
            findings.push(Finding::new(kind, text).in_row(table.name(), name));
        }
        Ok(())
    }

    fn stands_for(&self, table: Table, name: &str, deleted: bool, place: &Place) -> Result<bool, Error> {
        let mut select = self.connection.prepare_cached(&format!(
            "SELECT {PLACE}, e.id, e.action, e.resource, e.renamed_to, e.resource_kind FROM events e WHERE e.key = ?1"
        ))?;
        let mut rows = select.query([place.key])?;
        let Some(row) = rows.next()? else { return Ok(false) };
        let known = Known::read(row)?;
        let says = rows_of(&known).any(|(of, says, removed)| (of, &*says, removed) == (table, name, deleted));
        Ok(known.place == *place && says)
    }

    /// Says whether there are events about a resource; a prefix is nothing that an event could be asked for.
    fn has_events(&self, table: Table, name: &str) -> Result<bool, Error> {
        let mut select = self
            .connection
            .prepare_cached("SELECT 1 FROM events WHERE resource = ?1 OR renamed_to = ?1 LIMIT 1")?;
        let resource = if table == Table::Current { name } else { name.trim_end_matches('/') };
        Ok(select.exists(params![resource])?)
    }
}
