//! The counts by hour and by day. A day is compared when the walk has left it, so that one day's values are in memory.

use std::collections::{BTreeMap, HashMap, HashSet};

use conftrail_core::Timestamp;
use conftrail_core::integrity::{Finding, FindingKind};
use rusqlite::{Connection, params};

use crate::error::Error;
use crate::trail::columns::COUNTED;
use crate::trail::place::{first_time, slice_of_key};
use crate::trail::rollup::{DAY, HOUR};
use crate::trail::verify::derived::Suspects;
use crate::trail::verify::derived::rows::Known;

/// How often each value of each field of [`COUNTED`] occurred on one day.
type Day = [HashMap<String, i64>; COUNTED.len()];

pub(super) struct Counts<'c> {
    connection: &'c Connection,
    /// An event that is not what was recorded was counted once, somewhere.
    slack: i64,
    hours: BTreeMap<i64, i64>,
    /// The days that the walk may still add to.
    days: BTreeMap<i64, Day>,
    compared: HashSet<i64>,
}

impl<'c> Counts<'c> {
    pub(super) fn new(connection: &'c Connection, suspects: &Suspects) -> Self {
        let (hours, days) = (BTreeMap::new(), BTreeMap::new());
        Self { connection, slack: suspects.count(), hours, days, compared: HashSet::new() }
    }

    pub(super) fn meet(&mut self, known: &Known<'_>, findings: &mut Vec<Finding>) -> Result<(), Error> {
        // Whatever follows is of this slice or a later one.
        let begun = first_time(slice_of_key(known.place.key)).div_euclid(DAY);
        while let Some(day) = self.days.first_key_value().map(|(day, _)| *day).filter(|day| *day < begun) {
            let counted = self.days.remove(&day).unwrap_or_default();
            self.compare_day(day, counted, findings)?;
        }
        *self.hours.entry(known.place.time.div_euclid(HOUR)).or_default() += 1;
        let day = self.days.entry(known.place.time.div_euclid(DAY)).or_default();
        known.each_counted(|field, value| {
            let Some(values) = day.get_mut(field) else { return };
            match values.get_mut(value) {
                Some(count) => *count += 1,
                None => {
                    values.insert(value.to_owned(), 1);
                }
            }
        })
    }

    pub(super) fn finish(mut self, findings: &mut Vec<Finding>) -> Result<(), Error> {
        for (day, counted) in std::mem::take(&mut self.days) {
            self.compare_day(day, counted, findings)?;
        }
        self.foreign_days(findings)?;
        self.compare_hours(findings)
    }

    fn compare_day(&mut self, day: i64, counted: Day, findings: &mut Vec<Finding>) -> Result<(), Error> {
        self.compared.insert(day);
        let mut select =
            self.connection.prepare_cached("SELECT value, count FROM daily WHERE field = ?1 AND day = ?2")?;
        for (field, mut values) in COUNTED.iter().zip(counted) {
            let field = field.to_string();
            let mut rows = select.query(params![field, day])?;
            while let Some(row) = rows.next()? {
                let value: String = row.get(0)?;
                let events = values.remove(&value).unwrap_or_default();
                self.judge(Some(row.get(1)?), events, (&field, day, &value), findings);
            }
            for (value, events) in values {
                self.judge(None, events, (&field, day, &value), findings);
            }
        }
        Ok(())
    }

    /// Names the counts of days without events and of fields that are not counted.
    fn foreign_days(&self, findings: &mut Vec<Finding>) -> Result<(), Error> {
        let fields: HashSet<String> = COUNTED.iter().map(ToString::to_string).collect();
        let mut select = self.connection.prepare("SELECT field, day, value, count FROM daily")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let (field, day): (String, i64) = (row.get(0)?, row.get(1)?);
            if !self.compared.contains(&day) || !fields.contains(&field) {
                self.judge(Some(row.get(3)?), 0, (&field, day, &row.get::<_, String>(2)?), findings);
            }
        }
        Ok(())
    }

    fn compare_hours(&mut self, findings: &mut Vec<Finding>) -> Result<(), Error> {
        let mut select = self.connection.prepare("SELECT hour, count FROM hourly ORDER BY hour")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let hour: i64 = row.get(0)?;
            let events = self.hours.remove(&hour).unwrap_or_default();
            findings.extend(self.differs(Some(row.get(1)?), events, "hourly", &hour.to_string(), hour, HOUR));
        }
        for (hour, events) in std::mem::take(&mut self.hours) {
            findings.extend(self.differs(None, events, "hourly", &hour.to_string(), hour, HOUR));
        }
        Ok(())
    }

    fn judge(
        &self,
        stored: Option<i64>,
        events: i64,
        (field, day, value): (&str, i64, &str),
        findings: &mut Vec<Finding>,
    ) {
        let row = format!("{field} {day} {value}");
        findings.extend(self.differs(stored, events, "daily", &row, day, DAY));
    }

    /// Returns a finding unless a stored count is the number of events.
    fn differs(
        &self,
        stored: Option<i64>,
        events: i64,
        table: &str,
        row: &str,
        number: i64,
        width: i64,
    ) -> Option<Finding> {
        let count = stored.unwrap_or_default();
        let most = events.saturating_add(self.slack);
        if (events..=most).contains(&count) && (stored.is_some() || events == 0) {
            return None;
        }
        let since = Timestamp::from_micros(number.saturating_mul(width));
        let (kind, text) = match stored {
            None => (FindingKind::Removed, format!("the count is gone of {events} events from {since} on")),
            Some(count) if events == 0 => {
                (FindingKind::Added, format!("it counts {count} events from {since} on, and there are none"))
            }
            Some(count) => (
                FindingKind::Changed,
                format!("it counts {count} events from {since} on, and there are {events}"),
            ),
        };
        Some(Finding::new(kind, text).in_row(table, row))
    }
}
