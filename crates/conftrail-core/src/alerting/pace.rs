//! How fast one integration may be told, and what becomes of what is more.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most that a limit may name: the times of so many attempts are kept for each integration.
const MOST: u32 = 10_000;

/// At most so many messages in any stretch of time of this length, such as `20/min`.
///
/// Strictly in any: a bucket that refills while it is emptied would let nearly twice as many through within a minute, and
/// some channels block a sender for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many; at least 1.
    pub count: u32,
    /// In which time.
    pub per: Duration,
}

/// Says what a rate limit looks like.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a rate limit is a number from 1 to {MOST} and one of s, min, h, such as 20/min")]
pub struct InvalidRateLimit;

impl RateLimit {
    /// Makes a limit of so many a minute.
    pub const fn per_minute(count: u32) -> Self {
        Self { count, per: Duration::from_secs(60) }
    }

    /// Parses `20/min`; `s`, `min` (also `m`) and `h` are known.
    ///
    /// # Errors
    /// [`InvalidRateLimit`].
    pub fn parse(text: &str) -> Result<Self, InvalidRateLimit> {
        let (count, unit) = text.split_once('/').ok_or(InvalidRateLimit)?;
        let seconds = match unit.trim() {
            "s" => 1,
            "min" | "m" => 60,
            "h" => 3600,
            _ => return Err(InvalidRateLimit),
        };
        let count: u32 = count.trim().parse().map_err(|_| InvalidRateLimit)?;
        if !(1..=MOST).contains(&count) {
            return Err(InvalidRateLimit);
        }
        Ok(Self { count, per: Duration::from_secs(seconds) })
    }
}

impl std::fmt::Display for RateLimit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = match self.per.as_secs() {
            1 => "s",
            3600 => "h",
            _ => "min",
        };
        write!(formatter, "{}/{unit}", self.count)
    }
}

impl Serialize for RateLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RateLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Says what becomes of messages that a limit holds back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overflow {
    /// Each waits for its turn, however long.
    Wait,
    /// When more waits than the next stretch of time takes, one message tells how many there are and of which groups.
    #[default]
    Digest,
}

/// The pace of one integration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How fast.
    pub limit: RateLimit,
    /// What becomes of what is more.
    pub overflow: Overflow,
}

/// One integration of one receiver, which has an order, a pace and failures of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane {
    /// The receiver's name.
    pub receiver: String,
    /// The integration within it.
    pub integration: String,
}

/// Says whether an attempt may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// The intent is written and the attempt counted: send it.
    Now,
    /// The pace of the integration allows the next attempt then.
    NotBefore(crate::Timestamp),
    /// It is not to be sent any more, or not yet, or by another worker.
    Not,
}

/// How much waits for an integration, and how much it may be told now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Notifications that are due.
    pub due: u64,
    /// Attempts that its limit allows at once.
    pub free: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_prints_as_it_was_parsed() {
        for text in ["20/min", "5/s", "100/h", "1/min"] {
            assert_eq!(RateLimit::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(RateLimit::parse("20 / m"), Ok(RateLimit::per_minute(20)));
    }

    #[test]
    fn what_is_no_limit_is_refused() {
        for text in ["", "20", "0/min", "-1/s", "20/day", "20/", "/min", "10001/h", "20/min/s", "1.5/s"] {
            assert_eq!(RateLimit::parse(text), Err(InvalidRateLimit), "{text}");
        }
    }
}
