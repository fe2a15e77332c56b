//! Durations as people write them in configuration: `250ms`, `30s`, `5m`, `2h`, `7d`, `1w`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A duration with a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(pub Duration);

/// Units in seconds, longest first, milliseconds apart.
const UNITS: [(&str, u64); 5] = [("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// Says what a period looks like.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a duration is a whole number and one of ms, s, m, h, d, w, such as 30s or 7d")]
pub struct InvalidPeriod;

impl Period {
    /// Makes a period of whole seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// Parses a period; Alertmanager's sums such as `1h30m` are accepted.
    ///
    /// # Errors
    /// [`InvalidPeriod`].
    pub fn parse(text: &str) -> Result<Self, InvalidPeriod> {
        let mut rest = text.trim();
        let mut total = Duration::ZERO;
        if rest == "0" {
            return Ok(Self(total));
        }
        if rest.is_empty() {
            return Err(InvalidPeriod);
        }
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let number: u64 = rest[..digits].parse().map_err(|_| InvalidPeriod)?;
            let after = &rest[digits..];
            let length = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
            let part = match &after[..length] {
                "ms" => Duration::from_millis(number),
                unit => {
                    let known = UNITS.iter().find(|(name, _)| *name == unit).ok_or(InvalidPeriod)?;
                    Duration::from_secs(number.checked_mul(known.1).ok_or(InvalidPeriod)?)
                }
            };
            total = total.checked_add(part).ok_or(InvalidPeriod)?;
            rest = &after[length..];
        }
        Ok(Self(total))
    }
}

impl std::fmt::Display for Period {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.0.as_secs();
        if self.0.subsec_millis() > 0 {
            return write!(formatter, "{}ms", self.0.as_millis());
        }
        let fits = |unit: &u64| seconds >= *unit && seconds.is_multiple_of(*unit);
        // Days, not weeks: `400d` should come back as it was written.
        match UNITS.iter().skip(1).find(|(_, unit)| fits(unit)) {
            Some((name, unit)) => write!(formatter, "{}{name}", seconds / unit),
            None => formatter.write_str("0s"),
        }
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_print_as_they_are_written() {
        for text in ["250ms", "1500ms", "30s", "5m", "2h", "7d", "400d", "0s", "90s"] {
            assert_eq!(Period::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Period::parse("1h30m").unwrap(), Period::seconds(5400));
        assert_eq!(Period::parse("0"), Ok(Period::default()));
    }

    #[test]
    fn what_has_no_unit_or_does_not_fit_is_refused() {
        for text in ["", "5", "s", "5 m", "5x", "-1s", "99999999999999999999s", "18446744073709551615w"] {
            assert_eq!(Period::parse(text), Err(InvalidPeriod), "{text}");
        }
    }
}
