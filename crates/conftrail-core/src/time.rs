//! Points in time, in microseconds, and the policy for times that cannot be true.

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Counts microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// 2010-01-01T00:00:00Z: nothing conftrail reads was committed earlier.
const EARLIEST: i64 = 1_262_304_000_000_000;
/// 2100-01-01T00:00:00Z.
const LATEST: i64 = 4_102_444_800_000_000;

impl Timestamp {
    /// Makes a timestamp from microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Makes a timestamp from seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Returns microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Returns milliseconds since the epoch, rounded down; 0 for times before it.
    pub fn millis(self) -> u64 {
        u64::try_from(self.0.div_euclid(1000)).unwrap_or(0)
    }

    /// Applies the time policy: a time outside 2010–2100 is moved to the nearer end, and `true` says so.
    pub fn clamped(self) -> (Self, bool) {
        let within = self.0.clamp(EARLIEST, LATEST);
        (Self(within), within != self.0)
    }

    /// Returns this time moved by a duration, in either direction.
    pub fn plus(self, duration: std::time::Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Returns this time moved back by a duration.
    pub fn minus(self, duration: std::time::Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Returns how long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Self) -> std::time::Duration {
        std::time::Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Parses RFC 3339.
    ///
    /// # Errors
    /// The text is no RFC 3339 time.
    pub fn parse(text: &str) -> Result<Self, chrono::ParseError> {
        DateTime::parse_from_rfc3339(text).map(|time| Self(time.timestamp_micros()))
    }

    /// Returns the same instant as chrono's type, for calendars and time zones.
    pub fn to_utc(self) -> DateTime<Utc> {
        Utc.timestamp_micros(self.0).single().unwrap_or(DateTime::<Utc>::UNIX_EPOCH)
    }
}

/// RFC 3339 in UTC with as many digits (0, 3 or 6) as the time has.
impl std::fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_prints_as_it_was_parsed() {
        for text in ["2026-11-20T10:00:00.123456Z", "2026-11-20T10:00:00.120Z", "2026-11-20T10:00:00Z"] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn times_outside_2010_to_2100_are_moved_to_the_nearer_end() {
        assert_eq!(Timestamp::from_seconds(0).clamped(), (Timestamp::from_micros(EARLIEST), true));
        assert_eq!(Timestamp::from_micros(i64::MAX).clamped(), (Timestamp::from_micros(LATEST), true));
        let plausible = Timestamp::from_seconds(1_795_000_000);
        assert_eq!(plausible.clamped(), (plausible, false));
    }
}
