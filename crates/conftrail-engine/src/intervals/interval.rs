//! Whether a moment lies within a time interval, and when that changes.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::Tz;
use conftrail_core::Timestamp;

use super::NamedIntervalConfig;
use super::ranges::{DayRange, Range};
use super::read;
use crate::routing::RoutingProblem;

/// The grain of all intervals.
const MINUTE: Duration = Duration::from_secs(60);

/// All time intervals of a routing file, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimeIntervals {
    by_name: BTreeMap<String, TimeInterval>,
}

impl TimeIntervals {
    /// Reads the intervals of a routing file; what is wrong is told at its path beneath `time_intervals`.
    ///
    /// # Errors
    /// Every problem.
    pub fn read(configs: &[NamedIntervalConfig]) -> Result<Self, Vec<RoutingProblem>> {
        read::intervals(configs).map(|by_name| Self { by_name })
    }

    /// Returns the interval of a name.
    pub fn get(&self, name: &str) -> Option<&TimeInterval> {
        self.by_name.get(name)
    }

    /// Returns the names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}

/// A time interval: the union of its periods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimeInterval {
    pub(super) periods: Vec<Period>,
}

impl TimeInterval {
    /// Says whether a moment lies within the interval.
    ///
    /// The moment is looked up in the period's zone: a local time that a change of clocks skips never comes, and
    /// one that comes twice is within both times.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.periods.iter().any(|period| period.contains(at))
    }
}

/// Returns the first whole minute after `from` at which `holds` is true, looking at most `reach` ahead.
///
/// Everything that time intervals say changes at whole minutes only: all zones' offsets have been whole minutes
/// since 1972.
pub(crate) fn next_minute(
    from: Timestamp,
    reach: Duration,
    mut holds: impl FnMut(Timestamp) -> bool,
) -> Option<Timestamp> {
    let minute = i64::try_from(MINUTE.as_micros()).unwrap_or(i64::MAX);
    let mut at = Timestamp::from_micros((from.micros().div_euclid(minute) + 1).saturating_mul(minute));
    let end = from.plus(reach);
    while at <= end {
        if holds(at) {
            return Some(at);
        }
        at = at.plus(MINUTE);
    }
    None
}

/// One period: what is given must all hold. A list that is not given holds always.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Period {
    /// Minutes of the day; the end is not part of it.
    pub(super) times: Option<Vec<Range>>,
    /// Days of the week from Sunday, which is 0.
    pub(super) weekdays: Option<Vec<Range>>,
    pub(super) days_of_month: Option<Vec<DayRange>>,
    pub(super) months: Option<Vec<Range>>,
    pub(super) years: Option<Vec<Range>>,
    pub(super) zone: Tz,
}

impl Period {
    fn contains(&self, at: Timestamp) -> bool {
        let local = at.to_utc().with_timezone(&self.zone);
        let minute = i64::from(local.hour() * 60 + local.minute());
        let weekday = i64::from(local.weekday().num_days_from_sunday());
        let of = |ranges: &Option<Vec<Range>>, value: i64| {
            ranges.as_ref().is_none_or(|ranges| ranges.iter().any(|range| range.contains(value)))
        };
        let days = self.days_of_month.as_ref();
        let (day, length) = (i64::from(local.day()), days_in_month(&local));
        of(&self.times, minute)
            && of(&self.weekdays, weekday)
            && days.is_none_or(|days| days.iter().any(|range| range.contains(day, length)))
            && of(&self.months, i64::from(local.month()))
            && of(&self.years, i64::from(local.year()))
    }
}

fn days_in_month(local: &DateTime<Tz>) -> i64 {
    i64::from(local.num_days_in_month())
}
