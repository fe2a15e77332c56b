//! Dates of the query language.

use chrono::{NaiveDate, NaiveDateTime};

use crate::{Timestamp, Value};

/// A unit of `now-N…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`: 24 hours.
    Day,
    /// `w`: 7 days.
    Week,
}

/// A point or a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Date {
    /// RFC 3339. Without fractional digits it is the whole second.
    Instant(Timestamp),
    /// `yyyy-MM-dd`: the whole day in UTC.
    Day(NaiveDate),
    /// `now` and how much before it.
    Now {
        /// How many units before now.
        ago: u32,
        /// The unit.
        unit: Unit,
    },
}

const MICROS_PER_SECOND: i64 = 1_000_000;

impl Date {
    /// Reads a date; anything else is none.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(relative) = text.strip_prefix("now") {
            return parse_relative(relative);
        }
        // chrono also reads 2026-1-5 and years of other lengths: the language has one way to write a day.
        if text.len() == 10 {
            return NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Self::Day);
        }
        Timestamp::parse(text).ok().map(Self::Instant)
    }

    /// Returns the first moment of the date and the first moment after it.
    pub fn range(self, now: Timestamp) -> (Timestamp, Timestamp) {
        match self {
            Self::Instant(time) => {
                let micros = time.micros();
                let length = if micros % MICROS_PER_SECOND == 0 { MICROS_PER_SECOND } else { 1 };
                (time, Timestamp::from_micros(micros.saturating_add(length)))
            }
            Self::Day(day) => {
                let start =
                    Timestamp::from_seconds(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp());
                (start, Timestamp::from_micros(start.micros().saturating_add(86_400 * MICROS_PER_SECOND)))
            }
            Self::Now { ago, unit } => {
                let back = i64::from(ago).saturating_mul(unit.seconds()).saturating_mul(MICROS_PER_SECOND);
                let micros = now.micros().saturating_sub(back);
                (Timestamp::from_micros(micros), Timestamp::from_micros(micros.saturating_add(1)))
            }
        }
    }
}

/// Reads a value as a time: RFC 3339, or as MySQL prints DATE and DATETIME, which carry no zone and count as UTC.
pub(crate) fn time_of(value: &Value) -> Option<Timestamp> {
    let text = value.as_text()?;
    if let Ok(time) = Timestamp::parse(text) {
        return Some(time);
    }
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok().or_else(|| {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|day| day.and_time(chrono::NaiveTime::MIN))
    })?;
    Some(Timestamp::from_micros(local.and_utc().timestamp_micros()))
}

fn parse_relative(text: &str) -> Option<Date> {
    if text.is_empty() {
        return Some(Date::Now { ago: 0, unit: Unit::Minute });
    }
    let amount = text.strip_prefix('-')?;
    let unit = match amount.chars().next_back()? {
        'm' => Unit::Minute,
        'h' => Unit::Hour,
        'd' => Unit::Day,
        'w' => Unit::Week,
        _ => return None,
    };
    let digits = &amount[..amount.len() - 1];
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let ago = digits.parse().ok()?;
    Some(Date::Now { ago, unit })
}

impl Unit {
    fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3600,
            Self::Day => 86_400,
            Self::Week => 7 * 86_400,
        }
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Instant(time) => write!(formatter, "{time}"),
            Self::Day(day) => write!(formatter, "{}", day.format("%Y-%m-%d")),
            Self::Now { ago: 0, unit: Unit::Minute } => formatter.write_str("now"),
            Self::Now { ago, unit } => {
                let letter = match unit {
                    Unit::Minute => 'm',
                    Unit::Hour => 'h',
                    Unit::Day => 'd',
                    Unit::Week => 'w',
                };
                write!(formatter, "now-{ago}{letter}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_names_the_stretch_it_is_written_with() {
        let now = Timestamp::parse("2026-11-20T12:00:00Z").unwrap();
        let table = [
            ("2026-11-20", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"),
            ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z", "2026-11-20T10:00:01Z"),
            ("2026-11-20T10:00:00.5+08:00", "2026-11-20T02:00:00.500Z", "2026-11-20T02:00:00.500001Z"),
            ("now", "2026-11-20T12:00:00Z", "2026-11-20T12:00:00.000001Z"),
            ("now-2w", "2026-11-06T12:00:00Z", "2026-11-06T12:00:00.000001Z"),
            ("now-90m", "2026-11-20T10:30:00Z", "2026-11-20T10:30:00.000001Z"),
        ];
        for (text, start, end) in table {
            let (from, to) = Date::parse(text).unwrap().range(now);
            assert_eq!((from.to_string().as_str(), to.to_string().as_str()), (start, end), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in
            ["", "2026-13-01", "2026-1-1", "now-", "now-7", "now-7y", "now+1h", "now-é", "nowhere", "10:00"]
        {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    #[test]
    fn column_values_are_read_as_times() {
        for text in ["2026-11-20 10:00:00", "2026-11-20 10:00:00.000000", "2026-11-20T10:00:00Z"] {
            assert_eq!(time_of(&Value::from(text)).unwrap().to_string(), "2026-11-20T10:00:00Z", "{text}");
        }
        assert_eq!(time_of(&Value::from("0000-00-00 00:00:00")), None);
    }
}
