//! What rules find and what people are told: detections, alerts, notifications and their accounts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Action, Actor, Change, EventId, Origin, Reason, Resource, Timestamp};

/// Labels of an alert: `alertname`, `severity`, the rule's, and `group_by` with underscores for dots.
pub type Labels = BTreeMap<String, String>;

/// Derives an id from parts that are length-prefixed, so that no two lists of parts share an id: 32 hex digits.
pub fn derived_id(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Orders how much a finding matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Look at it today.
    #[default]
    Warning,
    /// Look at it now.
    High,
    /// Get up.
    Critical,
}

impl Severity {
    /// Returns the word of rule files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Names a rule: `<set>/<id>`, and the revision of the set it was judged by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RuleRef {
    /// The rule set's name.
    pub set: String,
    /// The rule's id within the set.
    pub id: String,
    /// A digest of the rule's text.
    pub revision: String,
}

impl RuleRef {
    /// Returns `<set>/<id>`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.set, self.id)
    }
}

/// Says what a rule made of an event that it matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum Verdict {
    /// It is to be announced.
    Match,
    /// An exception of the rule holds.
    Excepted {
        /// The exception's name.
        exception: String,
    },
    /// The rule is in shadow mode: recorded, never announced.
    Shadow,
}

/// The masked summary of an event that a message needs, so that notify never waits for the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The event.
    pub event: EventId,
    /// Its time at the source.
    pub time: Timestamp,
    /// When conftrail read it.
    pub observed: Timestamp,
    /// What happened.
    pub action: Action,
    /// Where it was read.
    pub source: Origin,
    /// What was changed.
    pub resource: Resource,
    /// Who made it, and how that is known.
    pub actor: Actor,
    /// What the change says about its reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Up to 20 changes.
    pub changes: Vec<Change>,
    /// How many changes there are in all.
    pub change_count: u64,
    /// Facts about the capture.
    #[serde(default)]
    pub flags: Vec<String>,
    /// Facts by action, as text.
    #[serde(default)]
    pub detail: BTreeMap<String, String>,
}

/// A rule's judgement of one event. Its id is a hash of rule, step, event and change: a replay inserts nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// The deterministic id.
    pub id: String,
    /// The rule.
    pub rule: RuleRef,
    /// The rule's severity.
    pub severity: Severity,
    /// The labels of the alert it belongs to.
    pub labels: Labels,
    /// What the rule made of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// When the rule judged it.
    pub detected: Timestamp,
    /// Whether it was detected long after it happened.
    #[serde(default)]
    pub late: bool,
    /// What a message needs.
    pub evidence: Evidence,
}

impl Detection {
    /// Returns the key of the alert group: rule and labels, revisions left out. What was detected late is one
    /// group for each source.
    pub fn group(&self) -> GroupKey {
        if self.late { GroupKey::late(&self.evidence.source.name) } else { GroupKey::of(&self.rule, &self.labels) }
    }
}

/// Identifies an alert group: 32 hex digits over the rule's name and the labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupKey(pub String);

impl GroupKey {
    /// Derives the key.
    pub fn of(rule: &RuleRef, labels: &Labels) -> Self {
        let mut parts = vec![rule.set.as_str(), rule.id.as_str()];
        for (name, value) in labels {
            parts.extend([name.as_str(), value.as_str()]);
        }
        Self(derived_id(&parts))
    }

    /// Derives the key of the group of a source's late detections.
    pub fn late(source: &str) -> Self {
        Self(derived_id(&["late", source]))
    }
}

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

/// What a receiver is told, free of any channel's form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Announcement {
    /// The alert.
    pub alert: String,
    /// The group, for threading.
    pub group: GroupKey,
    /// `<set>/<id>` of the rule.
    pub rule: String,
    /// The severity.
    pub severity: Severity,
    /// The labels.
    pub labels: Labels,
    /// One line, from the rule's annotation or built in.
    pub summary: String,
    /// Other annotations, rendered.
    pub annotations: BTreeMap<String, String>,
    /// The first detections' evidence, newest last, at most [`SHOWN_DETECTIONS`].
    pub events: Vec<Evidence>,
    /// How many detections there are in all.
    pub total: u64,
    /// Whether these changes were read long after they happened.
    pub late: bool,
    /// Who owns the rule or the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<String>,
}

/// Says where a notification stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotificationState {
    /// To be sent when due.
    Queued,
    /// Being sent.
    Intent,
    /// Being sent when the process ended or the answer was lost: it may have arrived.
    Unknown,
    /// The receiver has it.
    Sent,
    /// Will never be sent; a person can retry it.
    Dead,
    /// Was not sent on purpose.
    Suppressed,
}

impl NotificationState {
    /// Returns the word of the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Intent => "intent",
            Self::Unknown => "unknown",
            Self::Sent => "sent",
            Self::Dead => "dead",
            Self::Suppressed => "suppressed",
        }
    }
}

/// One announcement for one integration of one receiver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// Deterministic; the idempotency key wherever the channel has one.
    pub id: String,
    /// The receiver's name.
    pub receiver: String,
    /// The integration within it, such as `email/ops@example.com`: its retries and its death are its own.
    pub integration: String,
    /// What to tell.
    pub announcement: Announcement,
    /// Where it stands.
    pub state: NotificationState,
    /// How often sending was begun.
    pub attempts: u32,
    /// Whether an earlier attempt may have arrived; the message then says "(possible repeat)".
    pub possible_repeat: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When it is to be sent.
    pub due: Timestamp,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The receiver has it; its receipt.
    Sent {
        /// What the channel answered.
        receipt: String,
        /// When.
        at: Timestamp,
    },
    /// It certainly did not arrive; to be sent again.
    Retry {
        /// When.
        due: Timestamp,
        /// Why it failed.
        error: String,
    },
    /// It may have arrived; to be sent again, marked.
    Unknown {
        /// When.
        due: Timestamp,
        /// What is not known.
        error: String,
    },
    /// It will never arrive.
    Dead {
        /// Why.
        error: String,
        /// When.
        at: Timestamp,
    },
}

/// Adds up what was detected and what was announced since a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Detections in all.
    pub detections: u64,
    /// Detections not folded yet, or in an alert that still gathers.
    pub open: u64,
    /// Shown in an announcement.
    pub announced: u64,
    /// Counted into an announcement.
    pub counted: u64,
    /// Without an alert, by reason.
    pub no_alert: BTreeMap<String, u64>,
    /// Notifications in all.
    pub notifications: u64,
    /// The receiver has them.
    pub delivered: u64,
    /// To be sent, being sent, or possibly sent.
    pub pending: u64,
    /// Not sent on purpose.
    pub suppressed: u64,
    /// Given up.
    pub dead: u64,
    /// Detections or notifications in none of the states above, and announced alerts without a notification.
    pub unaccounted: u64,
}
