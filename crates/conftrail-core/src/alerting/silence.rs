//! Silences: what people do not want to be told for a while, and what was held back by them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The longest time from a silence's start to its end: 30 days.
pub const LONGEST_SILENCE: Duration = Duration::from_secs(30 * 24 * 3600);

/// What is said of one label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelMatcher {
    /// The label.
    pub name: String,
    /// Its value, or a regular expression of the whole value.
    pub value: String,
    /// Whether `value` is a regular expression.
    #[serde(default)]
    pub is_regex: bool,
    /// Whether the value must be it; otherwise it must not.
    #[serde(default = "yes")]
    pub is_equal: bool,
}

fn yes() -> bool {
    true
}

/// In Alertmanager's UTF-8 grammar: `severity="critical"`.
impl std::fmt::Display for LabelMatcher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let needs_quotes = |c: char| c.is_whitespace() || c.is_control() || "{}!=~,\\\"'`".contains(c);
        if self.name.contains(needs_quotes) {
            write_quoted(formatter, &self.name)?;
        } else {
            formatter.write_str(&self.name)?;
        }
        formatter.write_str(match (self.is_equal, self.is_regex) {
            (true, false) => "=",
            (false, false) => "!=",
            (true, true) => "=~",
            (false, true) => "!~",
        })?;
        write_quoted(formatter, &self.value)
    }
}

fn write_quoted(formatter: &mut std::fmt::Formatter<'_>, text: &str) -> std::fmt::Result {
    use std::fmt::Write as _;
    formatter.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => formatter.write_str("\\\"")?,
            '\\' => formatter.write_str("\\\\")?,
            '\n' => formatter.write_str("\\n")?,
            '\t' => formatter.write_str("\\t")?,
            '\r' => formatter.write_str("\\r")?,
            c if c.is_control() => write!(formatter, "\\u{:04x}", u32::from(c))?,
            c => formatter.write_char(c)?,
        }
    }
    formatter.write_char('"')
}

/// A silence: what it matches is recorded and told to nobody while it lasts; its end tells how much that was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// The id: 32 hex digits.
    pub id: String,
    /// All of them must match.
    pub matchers: Vec<LabelMatcher>,
    /// Since when it holds.
    pub starts: Timestamp,
    /// From when on it does not hold any more.
    pub ends: Timestamp,
    /// Who wants it.
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// When it was made.
    pub created: Timestamp,
}

/// Says where a silence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SilenceState {
    /// Has not begun.
    Pending,
    /// Holds.
    Active,
    /// Is over.
    Expired,
}

impl SilenceState {
    /// Returns Alertmanager's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Expired => "expired",
        }
    }
}

impl Silence {
    /// Says where it stands.
    pub fn state(&self, now: Timestamp) -> SilenceState {
        if now >= self.ends {
            SilenceState::Expired
        } else if now >= self.starts {
            SilenceState::Active
        } else {
            SilenceState::Pending
        }
    }
}

/// An announcement that a silence held back from one integration of one receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBack {
    /// The silence.
    pub silence: String,
    /// The suppressed notification: each counts once.
    pub notification: String,
    /// The receiver that was not told.
    pub receiver: String,
    /// The integration within it.
    pub integration: String,
    /// How many findings it would have been told of.
    pub findings: u64,
}

/// A silence that has ended, nothing of which still gathers, and whose end was not told yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSilence {
    /// The silence.
    pub silence: Silence,
    /// What it held back, for each integration that would have been told.
    pub held_back: Vec<HeldBackSum>,
}

/// What a silence held back from one integration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBackSum {
    /// The receiver that was not told.
    pub receiver: String,
    /// The integration within it.
    pub integration: String,
    /// How many announcements it would have got.
    pub announcements: u64,
    /// Of how many findings.
    pub findings: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_holds_from_its_start_until_before_its_end() {
        let at = Timestamp::from_seconds;
        let silence = Silence {
            id: String::new(),
            matchers: Vec::new(),
            starts: at(10),
            ends: at(20),
            created_by: String::new(),
            comment: String::new(),
            created: at(0),
        };
        let states = [9, 10, 19, 20].map(|second| silence.state(at(second)).as_str());
        assert_eq!(states, ["pending", "active", "active", "expired"]);
    }
}
