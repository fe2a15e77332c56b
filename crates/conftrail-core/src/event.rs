//! The change event, version 1: the one vocabulary of log, rules, search and API (docs/event.md).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::actor::{Actor, Correlation, Reason};
use crate::change::present;
use crate::{ChangeList, EventId, EventPosition, Map, Order, Resource, Timestamp, Value};

/// The version of the event format that this code writes.
pub const FORMAT_VERSION: u32 = 1;

/// Names what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A resource came to be.
    Create,
    /// A resource's content changed.
    Update,
    /// A resource is gone.
    Delete,
    /// A resource's key changed.
    Rename,
    /// A table was emptied.
    Truncate,
    /// A table's shape changed.
    Schema,
    /// Rights or accounts changed.
    Access,
    /// A value seen by a baseline.
    Snapshot,
    /// A change written by statement, whose rows the binlog does not hold.
    Statement,
    /// A range of the source's log that is lost.
    Gap,
    /// Something the source logged and we cannot decode.
    Undecoded,
    /// The source is not the server it was.
    SourceChanged,
    /// A record of the source's own history was altered.
    Tampered,
    /// What became of a transaction whose rows were seen before its end.
    Outcome,
    /// Content that was removed from the record on purpose.
    Redacted,
}

impl Action {
    /// Every action, in the order of the event format.
    pub const ALL: [Self; 15] = [
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Rename,
        Self::Truncate,
        Self::Schema,
        Self::Access,
        Self::Snapshot,
        Self::Statement,
        Self::Gap,
        Self::Undecoded,
        Self::SourceChanged,
        Self::Tampered,
        Self::Outcome,
        Self::Redacted,
    ];

    /// Returns the word of the event format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Rename => "rename",
            Self::Truncate => "truncate",
            Self::Schema => "schema",
            Self::Access => "access",
            Self::Snapshot => "snapshot",
            Self::Statement => "statement",
            Self::Gap => "gap",
            Self::Undecoded => "undecoded",
            Self::SourceChanged => "source_changed",
            Self::Tampered => "tampered",
            Self::Outcome => "outcome",
            Self::Redacted => "redacted",
        }
    }
}

/// Facts about the capture, as they stand in `flags`.
pub mod flag {
    #![expect(missing_docs, reason = "docs/event.md explains each word")]
    pub const UNLOGGED: &str = "unlogged";
    pub const OUT_OF_BAND: &str = "out_of_band";
    pub const OBSERVED: &str = "observed";
    pub const UNTRUSTED_CLAIM: &str = "untrusted_claim";
    pub const LOGIN_UNKNOWN: &str = "login_unknown";
    pub const CLOCK_SUSPECT: &str = "clock_suspect";
    pub const SCHEMA_UNVERIFIED: &str = "schema_unverified";
    pub const PARTIAL_IMAGE: &str = "partial_image";
    pub const NO_KEY: &str = "no_key";
    pub const UNPARSED: &str = "unparsed";
    pub const NOT_TEXT: &str = "not_text";
    pub const INVALID_TEXT: &str = "invalid_text";
    pub const BACKFILL: &str = "backfill";
    pub const LATE: &str = "late";
    pub const XA_PREPARED: &str = "xa_prepared";
    pub const ROLLED_BACK: &str = "rolled_back";

    /// What a reading could not tell, or doubts: another reading of the same change may.
    pub(super) const OF_READING: [&str; 4] =
        [UNTRUSTED_CLAIM, LOGIN_UNKNOWN, CLOCK_SUSPECT, SCHEMA_UNVERIFIED];
}

/// Says where the change was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// `mysql`, `nacos`, `files`, `conftrail`.
    pub kind: Arc<str>,
    /// The logical source's name in the configuration; part of every id.
    pub name: Arc<str>,
    /// `binlog`, `http`, `files`, `sweep`, `own`.
    pub channel: Arc<str>,
    /// The server's version, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Arc<str>>,
}

/// Places a change within its transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transaction {
    /// The GTID, or the place of the transaction's start.
    pub id: SmolStr,
    /// The change's number within the transaction, from 0.
    pub seq: u64,
    /// The statement's number within the transaction, from 0.
    pub statement: u64,
}

/// One change of one resource, masked, attributed and identified.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// [`FORMAT_VERSION`].
    pub v: u32,
    /// The deterministic id.
    pub id: EventId,
    /// When the source committed the change.
    pub time: Timestamp,
    /// When conftrail read it; not part of the canonical bytes.
    pub observed: Timestamp,
    /// What happened.
    pub action: Action,
    /// Where it was read.
    pub source: Arc<Origin>,
    /// What was changed.
    pub resource: Resource,
    /// Who made it, and how that is known.
    #[serde(default)]
    pub actor: Arc<Actor>,
    /// What the change says about its reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The id that ties the events of one operation together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<Correlation>,
    /// Facts by action, such as a gap's ends; masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Map>,
    /// `row` or a document's format; absent for events without content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<SmolStr>,
    /// The content before, masked.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub before: Option<Value>,
    /// The content after, masked.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub after: Option<Value>,
    /// The key-level changes.
    #[serde(default)]
    pub changes: ChangeList,
    /// The paths whose values were replaced.
    #[serde(default)]
    pub masked: Vec<String>,
    /// Words of [`flag`].
    #[serde(default)]
    pub flags: Vec<SmolStr>,
    /// Whether content above the configured size is kept as digest, size and changes only.
    #[serde(default)]
    pub truncated: bool,
    /// The place in the source's own log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<EventPosition>,
    /// The place within the transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx: Option<Transaction>,
    /// W3C `traceparent`, where the change carries one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<SmolStr>,
    /// From `classify`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The event's place in the change log, once it has one; not part of the canonical bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<Order>,
}

impl Event {
    /// Says whether a flag is set.
    pub fn has_flag(&self, flag: &str) -> bool {
        self.flags.iter().any(|set| set == flag)
    }

    /// Sets a flag once.
    pub fn set_flag(&mut self, flag: &str) {
        if !self.has_flag(flag) {
            self.flags.push(flag.into());
        }
    }

    /// Takes over from another reading of the same change what depends on the reading: who was still known and so was believed
    /// about the reason, from which server it was read and where in that server's log, and what could not be told of it.
    pub fn adopt_reading(&mut self, other: &Self) {
        self.actor.clone_from(&other.actor);
        self.reason.clone_from(&other.reason);
        self.correlation.clone_from(&other.correlation);
        self.trace.clone_from(&other.trace);
        self.position.clone_from(&other.position);
        let (mine, theirs) = (&self.source, &other.source);
        if (&mine.kind, &mine.name, &mine.channel) == (&theirs.kind, &theirs.name, &theirs.channel) {
            self.source = other.source.clone();
        }
        let of_change = |event: &Self| -> Vec<SmolStr> {
            event.flags.iter().filter(|set| !flag::OF_READING.contains(&set.as_str())).cloned().collect()
        };
        if of_change(self) == of_change(other) {
            self.flags.clone_from(&other.flags);
        }
    }

    /// Returns the time rules go by: the source's, or ours where the source's cannot be trusted.
    pub fn rule_time(&self) -> Timestamp {
        if self.has_flag(flag::CLOCK_SUSPECT) { self.observed } else { self.time }
    }
}
