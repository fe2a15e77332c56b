//! How resources stood at a time, and how far that is known.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Cursor;
use crate::{Action, Actor, EventId, Reason, Timestamp, Value, flag};

/// Asks how resources stood at a time.
#[derive(Clone, Debug)]
pub struct StateRequest {
    /// What the resources' ids start with.
    pub prefix: String,
    /// The time, by the source's clock: what was committed at it counts.
    pub at: Timestamp,
    /// At most this many resources.
    pub limit: usize,
    /// Where the previous page ended.
    pub cursor: Option<Cursor>,
}

/// Says how far a state is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The resource was there, with this value.
    Known,
    /// It was not there.
    Absent,
    /// The last thing on record may not have been so any more.
    Uncertain,
    /// The trail does not know.
    Unknown,
}

impl Standing {
    /// Returns the word that stands in `state`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Absent => "absent",
            Self::Uncertain => "uncertain",
            Self::Unknown => "unknown",
        }
    }
}

/// Names why a state is not simply known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The source was not read so far yet; `time` is how far.
    NotCaptured,
    /// The source was not read yet at that time; `time` is since when it is.
    BeforeCapture,
    /// The first event on record of the resource is a later one.
    BeforeFirstEvent,
    /// The resource came to be later.
    NotCreated,
    /// Part of the source's log is lost.
    Gap,
    /// Rows were changed by statement.
    Statement,
    /// Something could not be decoded.
    Undecoded,
    /// The table's or the database's shape changed.
    Schema,
    /// The table, or a part of it, was emptied.
    Truncate,
    /// Another server answered that does not have all that was recorded.
    SourceChanged,
    /// The event was read twice with different content; the first reading stays.
    Conflict,
    /// The log has an event of a later time before the one that counts: the source's clock went back.
    TimeOrder,
    /// The event's time cannot be right, or anybody could have set it.
    ClockSuspect,
    /// The names of the event's columns are not verified.
    SchemaUnverified,
    /// The event does not hold the whole row.
    PartialImage,
    /// The table has no key: equal rows are one resource.
    NoKey,
    /// The change was found by comparison: it is older than its time.
    Observed,
    /// The event is part of a prepared transaction whose end is not on record.
    XaPrepared,
    /// The event's transaction was rolled back, as far as its tables can.
    RolledBack,
}

impl Why {
    /// Returns the word that stands in `because`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotCaptured => "not_captured",
            Self::BeforeCapture => "before_capture",
            Self::BeforeFirstEvent => "before_first_event",
            Self::NotCreated => "not_created",
            Self::Gap => "gap",
            Self::Statement => "statement",
            Self::Undecoded => "undecoded",
            Self::Schema => "schema",
            Self::Truncate => "truncate",
            Self::SourceChanged => "source_changed",
            Self::Conflict => "conflict",
            Self::TimeOrder => "time_order",
            Self::ClockSuspect => flag::CLOCK_SUSPECT,
            Self::SchemaUnverified => flag::SCHEMA_UNVERIFIED,
            Self::PartialImage => flag::PARTIAL_IMAGE,
            Self::NoKey => flag::NO_KEY,
            Self::Observed => flag::OBSERVED,
            Self::XaPrepared => flag::XA_PREPARED,
            Self::RolledBack => flag::ROLLED_BACK,
        }
    }

    /// Returns why an event with this flag leaves a state in doubt: of a resource that it removed, or that it gave a value.
    /// What a removed row had held does not matter.
    pub fn of_flag(set: &str, is_removed: bool) -> Option<Self> {
        match set {
            flag::CLOCK_SUSPECT => Some(Self::ClockSuspect),
            flag::SCHEMA_UNVERIFIED if !is_removed => Some(Self::SchemaUnverified),
            flag::PARTIAL_IMAGE if !is_removed => Some(Self::PartialImage),
            flag::NO_KEY => Some(Self::NoKey),
            flag::OBSERVED | flag::UNLOGGED | flag::OUT_OF_BAND => Some(Self::Observed),
            flag::XA_PREPARED => Some(Self::XaPrepared),
            flag::ROLLED_BACK => Some(Self::RolledBack),
            _ => None,
        }
    }

    /// Returns why an event about a whole table, database or source leaves what lies below it in doubt.
    pub fn of_action(action: Action) -> Option<Self> {
        match action {
            Action::Gap => Some(Self::Gap),
            Action::Statement => Some(Self::Statement),
            Action::Undecoded => Some(Self::Undecoded),
            Action::Schema => Some(Self::Schema),
            Action::Truncate => Some(Self::Truncate),
            Action::SourceChanged => Some(Self::SourceChanged),
            _ => None,
        }
    }
}

/// One reason for a [`Standing`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// What it is.
    pub why: Why,
    /// The event that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// That event's time; of `not_captured` and `before_capture` the time up to, or since, which the source is on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
}

/// How one resource stood at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateRow {
    /// The resource's id.
    pub resource: String,
    /// The time that was asked for.
    pub at: Timestamp,
    /// How far it is known.
    pub state: Standing,
    /// The value, as `after` of the event; of an uncertain one the last on record.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::change::present")]
    pub value: Option<Value>,
    /// The event that the value comes from, or that removed the resource; this and what follows of it are absent of what
    /// is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// What the event did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// When the source committed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// Who made it, and how that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Arc<Actor>>,
    /// What it says about its reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Why it is not simply known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Ground>,
}

/// States and where the next page starts.
#[derive(Clone, Debug, Default)]
pub struct StatePage {
    /// The states, by resource id.
    pub rows: Vec<StateRow>,
    /// Absent on the last page.
    pub next: Option<Cursor>,
}
