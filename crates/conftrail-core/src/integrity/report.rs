//! What a verification found, in the words that people and programs read.

use serde::{Deserialize, Serialize};

use crate::{EventId, Timestamp, Value};

/// The outcome of a verification.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Whether everything that was looked at is as it was recorded.
    pub ok: bool,
    /// How many leaves the tree has.
    pub size: u64,
    /// The root over them, as it was computed from the file; absent when leaves are missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// The newest signed checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Newest>,
    /// How many signed checkpoints were checked.
    pub checkpoints: u64,
    /// The keys that signed, in the order of their first checkpoint.
    pub keys: Vec<KeyUse>,
    /// The changes of the signing key that the trail itself records.
    pub key_changes: Vec<KeyChange>,
    /// What each source recorded.
    pub sources: Vec<SourceSpan>,
    /// How many of the findings are about what is derived from the events (full text, counts, present values, indices) and
    /// not about the record; absent when that was not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derived: Option<u64>,
    /// What is not as it was recorded.
    pub findings: Vec<Finding>,
    /// How many more findings there are than are listed.
    pub not_listed: u64,
}

/// The newest signed checkpoint and whether the file agrees with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Newest {
    /// How many leaves it speaks of.
    pub size: u64,
    /// The root that was signed.
    pub root: String,
    /// When it was signed, by conftrail's own clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// The id of the key.
    pub key: String,
    /// Whether the file has exactly these leaves.
    pub agrees: bool,
    /// The note itself, to be kept elsewhere.
    pub note: String,
}

/// One key and what it signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUse {
    /// The key's id.
    pub id: String,
    /// How many checkpoints it signed.
    pub checkpoints: u64,
    /// The size of the first.
    pub from: u64,
    /// The size of the last.
    pub to: u64,
    /// Whether its public half was given by who asked, and not found beside the trail.
    pub pinned: bool,
}

/// A change of the signing key, as the trail records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChange {
    /// The event.
    pub event: EventId,
    /// When.
    pub time: Timestamp,
    /// The id of the key before; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// The id of the key since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What one source recorded, and what it says it missed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceSpan {
    /// The source's kind and name, such as `mysql:orders-db`.
    pub source: String,
    /// How many events.
    pub events: u64,
    /// The time of the first.
    pub from: Timestamp,
    /// The time of the last.
    pub to: Timestamp,
    /// The ranges of the source's own log that it says are lost.
    pub gaps: Vec<Gap>,
}

/// A range that a source could not read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// The event that tells of it.
    pub event: EventId,
    /// When it was found.
    pub time: Timestamp,
    /// `gap`, or `source_changed`.
    pub action: String,
    /// What is known of it: where from, where to, why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Value>,
}

/// Says in one word what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A row is not what was recorded.
    Changed,
    /// A row that was recorded is gone.
    Removed,
    /// A row stands there that was not recorded.
    Added,
    /// The end of the record is gone: the file is an older one.
    RolledBack,
    /// The tree's own rows do not fit together.
    Tree,
    /// A signed checkpoint does not hold.
    Checkpoint,
    /// A key is not known or its change is not recorded.
    Key,
    /// A part of the file cannot be read.
    Unreadable,
}

impl FindingKind {
    /// Returns the word that is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Removed => "removed",
            Self::Added => "added",
            Self::RolledBack => "rolled back",
            Self::Tree => "tree",
            Self::Checkpoint => "checkpoint",
            Self::Key => "key",
            Self::Unreadable => "unreadable",
        }
    }
}

/// One thing that is not as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// What is wrong, in one word.
    pub kind: FindingKind,
    /// The leaf's number, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf: Option<u64>,
    /// The event, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// The table and the row's key in it, such as `bodies 241616437248` or `current mysql:orders-db/shop/flags/42`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
    /// What is wrong, in a sentence without values of the event.
    pub text: String,
}

impl Finding {
    /// Makes a finding that is about no row.
    pub fn new(kind: FindingKind, text: impl Into<String>) -> Self {
        Self { kind, leaf: None, event: None, row: None, text: text.into() }
    }

    /// Names the leaf.
    #[must_use]
    pub fn of_leaf(self, leaf: u64) -> Self {
        Self { leaf: Some(leaf), ..self }
    }

    /// Names the event.
    #[must_use]
    pub fn of_event(self, event: Option<EventId>) -> Self {
        Self { event, ..self }
    }

    /// Names the row.
    #[must_use]
    pub fn in_row(self, table: &str, key: impl std::fmt::Display) -> Self {
        Self { row: Some(format!("{table} {key}")), ..self }
    }
}
