//! Times as people read and write them.

use anyhow::anyhow;
use chrono::{Local, NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use conftrail_core::{Period, Timestamp};

/// The time zone of printed times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// The machine's own.
    Local,
    /// UTC.
    Utc,
    /// One of the IANA database.
    Named(Tz),
}

impl Zone {
    /// Looks a zone up.
    ///
    /// # Errors
    /// There is none of this name; the error names the nearest.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        name.parse().map(Self::Named).map_err(|_| {
            let near = conftrail_core::nearest(name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            format!("`{name}` is no zone of the IANA database, such as Asia/Shanghai{near}")
        })
    }

    /// Prints a time to the second, UTC marked with `Z` and a named zone with its offset.
    pub(crate) fn print(self, time: Timestamp) -> String {
        let utc = time.to_utc();
        match self {
            Self::Utc => utc.format("%Y-%m-%d %H:%M:%SZ").to_string(),
            Self::Local => utc.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string(),
            Self::Named(zone) => utc.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S%:z").to_string(),
        }
    }

    fn midnight(self, day: NaiveDate) -> Option<Timestamp> {
        let start = day.and_hms_opt(0, 0, 0)?;
        let micros = match self {
            Self::Utc => start.and_utc().timestamp_micros(),
            Self::Local => first_moment(&Local, start)?,
            Self::Named(zone) => first_moment(&zone, start)?,
        };
        Some(Timestamp::from_micros(micros))
    }
}

/// Returns when a local time comes for the first time; where the clock jumps over it, when it has.
fn first_moment<Z: TimeZone>(zone: &Z, local: NaiveDateTime) -> Option<i64> {
    let jumped = || zone.from_local_datetime(&(local + chrono::Duration::hours(1))).earliest();
    Some(zone.from_local_datetime(&local).earliest().or_else(jumped)?.timestamp_micros())
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

    #[test]
    fn a_named_zone_has_its_own_days_and_says_its_offset() {
        let now = Timestamp::parse("2026-11-20T10:00:00Z").unwrap();
        let shanghai = Zone::named("Asia/Shanghai").unwrap();
        assert_eq!(shanghai.print(now), "2026-11-20 18:00:00+08:00");
        let day = parse_time("2026-11-20", shanghai, now).unwrap();
        assert_eq!(day.to_string(), "2026-11-19T16:00:00Z");
        // Midnight of that day does not exist in Beirut: the clock goes from 0:00 to 1:00.
        let jumping = parse_time("2026-03-29", Zone::named("Asia/Beirut").unwrap(), now).unwrap();
        assert_eq!(jumping.to_string(), "2026-03-28T22:00:00Z");
        let wrong = Zone::named("Asia/Shangai").unwrap_err();
        assert!(wrong.contains("did you mean `Asia/Shanghai`?"), "{wrong}");
    }
}
