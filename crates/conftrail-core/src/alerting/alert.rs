//! Alerts, and what one fold reads and does.

use serde::{Deserialize, Serialize};

use super::{Detection, GroupKey, Labels, Notification, RuleRef, Severity};
use crate::Timestamp;

/// Says how a detection ended, or that it has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// Not folded yet.
    Open,
    /// Shown in an alert's announcement.
    Announced {
        /// The alert.
        alert: String,
    },
    /// Counted into an alert whose announcement says how many there are.
    Counted {
        /// The alert.
        alert: String,
    },
    /// No alert, for a reason such as an exception.
    NoAlert {
        /// The reason.
        reason: String,
    },
}

/// Says where an alert stands. Alerts of event rules are occurrences: they are told, and never resolve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum AlertState {
    /// Gathers detections until the group's wait is over.
    Collecting {
        /// When it will be announced.
        flush_at: Timestamp,
    },
    /// Was handed to the receivers.
    Announced {
        /// When.
        at: Timestamp,
    },
}

/// One announcement's worth of detections of one group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Derived from the group and its first detection.
    pub id: String,
    /// The group; all its alerts are one thread of mail.
    pub group: GroupKey,
    /// The rule.
    pub rule: RuleRef,
    /// The severity.
    pub severity: Severity,
    /// The labels.
    pub labels: Labels,
    /// Where it stands.
    #[serde(flatten)]
    pub state: AlertState,
    /// When its first detection was folded.
    pub opened: Timestamp,
    /// How many detections it holds.
    pub detections: u64,
    /// The summary as it was announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
}

/// What the alert worker folds: open detections with the groups they belong to, and groups that are due.
#[derive(Clone, Debug, Default)]
pub struct Workload {
    /// Open detections, oldest first.
    pub open: Vec<Detection>,
    /// The groups of `open`, and the groups whose alert is due, oldest first, as many as the limit allows.
    pub groups: Vec<AlertGroup>,
    /// When the next group that is not in here becomes due.
    pub next_flush: Option<Timestamp>,
}

/// What is known of a group.
#[derive(Clone, Debug)]
pub struct AlertGroup {
    /// The group.
    pub key: GroupKey,
    /// Its alert that still gathers, with the detections it would show (at most [`SHOWN_DETECTIONS`]).
    pub collecting: Option<(Alert, Vec<Detection>)>,
    /// When the group was last announced.
    pub last_announced: Option<Timestamp>,
}

/// How many detections a message shows; the others are counted.
pub const SHOWN_DETECTIONS: usize = 20;

/// The effects of one fold; the control store applies all of them in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Transition {
    /// How detections ended, by id.
    pub fates: Vec<(String, Fate)>,
    /// Alerts as they now are, by id.
    pub alerts: Vec<Alert>,
    /// New notifications.
    pub notifications: Vec<Notification>,
}

impl Transition {
    /// Returns when the next group becomes due, of those the fold saw and the one it did not.
    pub fn next_flush(&self, unseen: Option<Timestamp>) -> Option<Timestamp> {
        let seen = self.alerts.iter().filter_map(|alert| match alert.state {
            AlertState::Collecting { flush_at } => Some(flush_at),
            AlertState::Announced { .. } => None,
        });
        seen.chain(unseen).min()
    }
}
