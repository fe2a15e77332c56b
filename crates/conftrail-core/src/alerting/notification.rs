//! What people are told, and how each telling ends.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Digest, Evidence, GroupKey, Labels, Severity};
use crate::Timestamp;

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
    /// The first detections' evidence, newest last, at most [`super::SHOWN_DETECTIONS`].
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
    /// What it stands for, when it is one message in place of many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
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
    /// The receivers that were to tell it before this one and did not, first to last; none of them is told again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instead_of: Vec<String>,
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
