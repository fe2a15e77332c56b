//! What rules find: detections, the evidence they carry, and the group they belong to.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

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
    /// A condition of a rule could not be evaluated for the event. The detection is of the built-in rule that tells of it, and its
    /// id is one for each rule and hour.
    #[serde(rename = "rule_error")]
    RuleError {
        /// `<set>/<id>` of the rule that failed.
        failed: String,
    },
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
    pub source: Arc<Origin>,
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
    pub flags: Vec<SmolStr>,
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
    /// Returns the key of the group by rule and labels, revisions left out, as a root route without `group_by` has it.
    /// What was detected late is one group for each source.
    pub fn group(&self) -> GroupKey {
        if self.late {
            GroupKey::late(&self.evidence.source.name)
        } else {
            GroupKey::of(&self.rule, &self.labels)
        }
    }
}

/// Identifies an alert group: 32 hex digits over the route and what it groups by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupKey(pub String);

impl GroupKey {
    /// Derives the key of a group by rule and labels.
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
