//! Points in time, in microseconds, and the policy for times that cannot be true.

use chrono::{DateTime, Datelike, SecondsFormat, TimeZone, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Counts microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// 2010-01-01T00:00:00Z: nothing conftrail reads was committed earlier.
const EARLIEST: i64 = 1_262_304_000_000_000;
/// 2100-01-01T00:00:00Z.
const LATEST: i64 = 4_102_444_800_000_000;

/// The length of a time with microseconds as text.
const LONGEST: usize = "2026-11-20T10:00:00.123456Z".len();

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

    /// Appends the text of `Display`: there are two times in every event, and chrono takes as long for one of them as the
    /// rest of the event does.
    pub(crate) fn append_to(self, text: &mut Vec<u8>) {
        let time = self.to_utc();
        let Ok(year @ 0..=9999) = u32::try_from(time.year()) else {
            return text.extend_from_slice(time.to_rfc3339_opts(SecondsFormat::AutoSi, true).as_bytes());
        };
        let mut written = *b"0000-00-00T00:00:00.000000Z";
        let parts = [
            (0..4, year),
            (5..7, time.month()),
            (8..10, time.day()),
            (11..13, time.hour()),
            (14..16, time.minute()),
            (17..19, time.second()),
            (20..26, time.timestamp_subsec_micros()),
        ];
        for (range, mut number) in parts {
            for place in written[range].iter_mut().rev() {
                *place = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        let digits = match time.timestamp_subsec_micros() {
            0 => 19,
            micros if micros % 1000 == 0 => 23,
            _ => 26,
        };
        text.extend_from_slice(&written[..digits]);
        text.push(b'Z');
    }

    /// Returns the same instant as chrono's type, for calendars and time zones.
    pub fn to_utc(self) -> DateTime<Utc> {
        Utc.timestamp_micros(self.0).single().unwrap_or(DateTime::<Utc>::UNIX_EPOCH)
    }
}

/// RFC 3339 in UTC with as many digits (0, 3 or 6) as the time has.
impl std::fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = Vec::with_capacity(LONGEST);
        self.append_to(&mut text);
        formatter.write_str(std::str::from_utf8(&text).expect("digits and signs are ASCII"))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = Vec::with_capacity(LONGEST);
        self.append_to(&mut text);
        serializer.serialize_str(std::str::from_utf8(&text).map_err(serde::ser::Error::custom)?)
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
    fn every_time_prints_as_chrono_prints_it() {
        let chronos = |time: Timestamp| time.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let far =
            [i64::MIN, i64::MAX, -62_167_219_200_000_001, -62_167_219_200_000_000, 253_402_300_800_000_000];
        let near = (0..5000).map(|step| step * 7_919_000_123_457 - 2_000_000_000_000_000);
        for time in far.into_iter().chain(near).map(Timestamp::from_micros) {
            assert_eq!(time.to_string(), chronos(time));
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
