//! Alerts, and what one fold reads and does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Detection, EndedSilence, GroupKey, HeldBack, Labels, Notification, RuleRef, Severity, Silence};
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
    /// The rule; of several, that of the first of the most severe findings.
    pub rule: RuleRef,
    /// The highest severity.
    pub severity: Severity,
    /// The labels that all its findings have, and `severity`.
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
    /// The route whose group it is; absent in what was stored before there were routes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The receiver of that route when the alert was opened, for when the route is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver: Option<String>,
    /// How many findings each rule has in it, by `<set>/<id>`; only where there are several rules, and of more than
    /// [`COUNTED_RULES`] only the first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, u64>,
    /// Why it waits longer than its group does, such as `muted by nights`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// The silence that keeps it from being told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence: Option<String>,
}

/// How many rules an alert of several counts one by one.
pub const COUNTED_RULES: usize = 50;

/// What the alert worker folds: open detections with the groups they belong to, and groups that are due.
#[derive(Clone, Debug, Default)]
pub struct Workload {
    /// Open detections, oldest first.
    pub open: Vec<Detection>,
    /// The groups of `open`, and the groups whose alert is due, oldest first, as many as the limit allows.
    pub groups: Vec<AlertGroup>,
    /// When the next group that is not in here becomes due.
    pub next_flush: Option<Timestamp>,
    /// The silences that hold now.
    pub silences: Vec<Silence>,
    /// The silences whose end is to be told.
    pub ended: Vec<EndedSilence>,
}

/// What is known of a group.
#[derive(Clone, Debug)]
pub struct AlertGroup {
    /// The group.
    pub key: GroupKey,
    /// Its alert that still gathers, with the detections it would show (at most [`SHOWN_DETECTIONS`]) when it is to be
    /// told now, and with none otherwise: only what is told is worth being read.
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
    /// The further alerts that detections are in, beside the one of their fate: each route has its own.
    pub shares: Vec<Share>,
    /// Alerts as they now are, by id.
    pub alerts: Vec<Alert>,
    /// New notifications.
    pub notifications: Vec<Notification>,
    /// What silences held back, of the notifications above.
    pub held_back: Vec<HeldBack>,
    /// The silences whose end is told by the notifications above, or need not be.
    pub told_silences: Vec<String>,
}

/// A detection in a further alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The detection.
    pub detection: String,
    /// The alert.
    pub alert: String,
    /// Whether it is among those that the alert shows.
    pub shown: bool,
}

impl Transition {
    /// Says whether there is nothing to apply.
    pub fn is_empty(&self) -> bool {
        self.fates.is_empty() && self.alerts.is_empty() && self.told_silences.is_empty()
    }

    /// Returns when the next group becomes due, of those the fold saw and the one it did not.
    pub fn next_flush(&self, unseen: Option<Timestamp>) -> Option<Timestamp> {
        let seen = self.alerts.iter().filter_map(|alert| match alert.state {
            AlertState::Collecting { flush_at } => Some(flush_at),
            AlertState::Announced { .. } => None,
        });
        seen.chain(unseen).min()
    }
}
