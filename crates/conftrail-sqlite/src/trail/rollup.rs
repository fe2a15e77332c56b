//! Counts that are kept as events arrive, so that pages about everything need not count it again.

use std::collections::{BTreeMap, HashMap};

use conftrail_core::Event;
use conftrail_core::query::Field;
use rusqlite::{Connection, params};

use crate::error::Error;
use crate::trail::columns::{COUNTED, each_counted};

/// Microseconds in an hour.
pub(super) const HOUR: i64 = 3_600_000_000;
/// Microseconds in a day.
pub(super) const DAY: i64 = 24 * HOUR;

/// What the events of one write add to the counts.
#[derive(Default)]
pub(super) struct Counts {
    hours: BTreeMap<i64, i64>,
    /// By place in [`COUNTED`] and day; then by value.
    days: BTreeMap<(usize, i64), HashMap<String, i64>>,
}

impl Counts {
    pub(super) fn add(&mut self, event: &Event) {
        let time = event.time.micros();
        *self.hours.entry(time.div_euclid(HOUR)).or_default() += 1;
        for (index, field) in COUNTED.iter().enumerate() {
            each_counted(event, field, |value| {
                let values = self.days.entry((index, time.div_euclid(DAY))).or_default();
                match values.get_mut(value) {
                    Some(count) => *count += 1,
                    None => {
                        values.insert(value.to_owned(), 1);
                    }
                }
            });
        }
    }

    pub(super) fn store(self, connection: &Connection) -> Result<(), Error> {
        let mut hourly = connection.prepare_cached(
            "INSERT INTO hourly VALUES (?1, ?2) ON CONFLICT DO UPDATE SET count = count + excluded.count",
        )?;
        for (hour, count) in self.hours {
            hourly.execute([hour, count])?;
        }
        let mut daily = connection.prepare_cached(
            "INSERT INTO daily VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET count = count + excluded.count",
        )?;
        for ((index, day), values) in self.days {
            let Some(field) = COUNTED.get(index) else { continue };
            let name = field.to_string();
            for (value, count) in values {
                daily.execute(params![name, day, value, count])?;
            }
        }
        Ok(())
    }
}

/// Hands out how many events there were in each hour of the days from `first` to before `end`.
pub(super) fn each_hour(
    connection: &Connection,
    (first, end): (i64, i64),
    mut each: impl FnMut(i64, u64),
) -> Result<(), Error> {
    let mut select =
        connection.prepare_cached("SELECT hour, count FROM hourly WHERE hour >= ?1 AND hour < ?2")?;
    let mut rows = select.query([first.saturating_mul(24), end.saturating_mul(24)])?;
    while let Some(row) = rows.next()? {
        let count: i64 = row.get(1)?;
        each(row.get(0)?, count.unsigned_abs());
    }
    Ok(())
}

/// Hands out how often each value of a counted field occurred in the days from `first` to before `end`.
pub(super) fn each_value(
    connection: &Connection,
    field: &Field,
    (first, end): (i64, i64),
    mut each: impl FnMut(&str, u64),
) -> Result<(), Error> {
    let mut select = connection.prepare_cached(
        "SELECT value, sum(count) FROM daily WHERE field = ?1 AND day >= ?2 AND day < ?3 GROUP BY value",
    )?;
    let mut rows = select.query(params![field.to_string(), first, end])?;
    while let Some(row) = rows.next()? {
        let count: i64 = row.get(1)?;
        each(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?, count.unsigned_abs());
    }
    Ok(())
}
