//! Times as people read and write them.

use anyhow::anyhow;
use chrono::{Local, NaiveDate, TimeZone};
use conftrail_core::{Period, Timestamp};

/// The time zone of printed times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zone {
    /// The machine's own.
    Local,
    /// UTC.
    Utc,
}

impl Zone {
    /// Prints a time to the second, UTC marked with `Z`.
    pub(crate) fn print(self, time: Timestamp) -> String {
        match self {
            Self::Utc => time.to_utc().format("%Y-%m-%d %H:%M:%SZ").to_string(),
            Self::Local => time.to_utc().with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string(),
        }
    }

    fn midnight(self, day: NaiveDate) -> Option<Timestamp> {
        let start = day.and_hms_opt(0, 0, 0)?;
        let micros = match self {
            Self::Utc => start.and_utc().timestamp_micros(),
            Self::Local => Local.from_local_datetime(&start).earliest()?.timestamp_micros(),
        };
        Some(Timestamp::from_micros(micros))
    }
}

/// Reads a time: a period back from now (`7d`), a day (`2026-11-20`) in the zone, or RFC 3339.
///
/// # Errors
/// It is none of these.
pub(crate) fn parse_time(text: &str, zone: Zone, now: Timestamp) -> anyhow::Result<Timestamp> {
    if let Ok(period) = Period::parse(text) {
        return Ok(now.minus(period.0));
    }
    if let Ok(time) = Timestamp::parse(text) {
        return Ok(time);
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    day.and_then(|day| zone.midnight(day))
        .ok_or_else(|| anyhow!("`{text}` is no time: use 7d, 12h, 2026-11-20 or 2026-11-20T10:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_periods_days_and_instants() {
        let now = Timestamp::parse("2026-11-20T10:00:00Z").unwrap();
        let read = |text| parse_time(text, Zone::Utc, now).map(|time| time.to_string()).ok();
        assert_eq!(read("7d").as_deref(), Some("2026-11-13T10:00:00Z"));
        assert_eq!(read("2026-11-19").as_deref(), Some("2026-11-19T00:00:00Z"));
        assert_eq!(read("2026-11-19T08:00:00+08:00").as_deref(), Some("2026-11-19T00:00:00Z"));
        assert_eq!(read("yesterday"), None);
    }
}
