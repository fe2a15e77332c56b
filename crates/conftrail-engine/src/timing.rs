//! When alerts are announced.

use conftrail_core::Period;
use serde::{Deserialize, Serialize};

/// When alerts are announced. The names and meanings are Alertmanager's where it has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timing {
    /// How long a group gathers before its first announcement; `0s` announces at once.
    pub group_wait: Period,
    /// How long after an announcement the next one of the same group may come.
    pub group_interval: Period,
    /// What is detected longer than this after it happened is told in one message for each source.
    pub late_after: Period,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            group_wait: Period::seconds(30),
            group_interval: Period::seconds(300),
            late_after: Period::seconds(600),
        }
    }
}

impl Timing {
    /// Returns every problem with its path.
    pub fn validate(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.late_after < Period::seconds(60) {
            problems.push("late_after: below 1m every message would be told as late".to_owned());
        }
        let longest = Period::seconds(24 * 3600);
        for (name, period) in [("group_wait", self.group_wait), ("group_interval", self.group_interval)] {
            if period > longest {
                problems.push(format!("{name}: above 24h people would hear of a change too late"));
            }
        }
        problems
    }
}
