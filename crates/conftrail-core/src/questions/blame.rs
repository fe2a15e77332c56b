//! Who set each part of a content, and how that is known.

use std::ops::ControlFlow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::walk::Walk;
use crate::ports::{AuditReader, Cursor};
use crate::{Action, Actor, Event, EventId, PortResult, Reason, SmolStr, Timestamp, Value};

/// Versions that are looked at; what is older than all of them says so ([`How::Older`]).
const MOST_VERSIONS: usize = 10_000;
/// Events asked for in one go.
const PAGE: usize = 100;

/// Says what a content is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlameForm {
    /// Columns of a row, or leaves of a document that parses.
    Keys,
    /// Lines of a text.
    Lines,
}

/// Says what an event has to do with a part of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// It set it.
    Changed,
    /// It is the first on record that had it: what set it was not recorded.
    Seen,
    /// It is the oldest that was looked at, and had it already.
    Older,
}

impl How {
    /// Returns the word that stands in `how`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Seen => "seen",
            Self::Older => "older",
        }
    }
}

/// One event, as far as blame tells of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Touch {
    /// The event.
    pub event: EventId,
    /// When the source committed it.
    pub time: Timestamp,
    /// What it did.
    pub action: Action,
    /// Who made it, and how that is known.
    pub actor: Arc<Actor>,
    /// What it says about its reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Facts about its capture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<SmolStr>,
}

impl Touch {
    /// Returns what blame tells of an event.
    pub(super) fn of(event: &Event) -> Self {
        Self {
            event: event.id,
            time: event.time,
            action: event.action,
            actor: event.actor.clone(),
            reason: event.reason.clone(),
            flags: event.flags.clone(),
        }
    }
}

/// One part of a content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlameLine {
    /// The column or path; absent of lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<SmolStr>,
    /// The line's number, from 1; absent of columns and paths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// What stands there, masked as it was recorded.
    pub value: Value,
    /// What the event has to do with it.
    pub how: How,
    /// The event.
    #[serde(flatten)]
    pub by: Touch,
}

/// Who set each part of a resource's content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Blame {
    /// The resource's id.
    pub resource: String,
    /// The time that was asked for; absent for the present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What the content is cut into.
    pub form: BlameForm,
    /// The event that removed the resource, if it is gone: there are no lines then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Touch>,
    /// The parts, in the content's order.
    pub lines: Vec<BlameLine>,
}

/// Says who set each part of a resource's content, as it is or as it was at a time (what was committed at it counts); with
/// `path`, only of that column or of what stands at or below that path. None when nothing is on record of it up to then.
///
/// # Errors
/// Those of the reader.
pub async fn blame(
    reader: &dyn AuditReader,
    resource: &str,
    path: Option<&str>,
    at: Option<Timestamp>,
) -> PortResult<Option<Blame>> {
    let mut walk = Walk::new(resource, path, at);
    let mut cursor: Option<Cursor> = None;
    let mut looked_at = 0;
    loop {
        let page = reader.timeline(resource, PAGE, cursor).await?;
        for event in &page.events {
            looked_at += 1;
            if looked_at > MOST_VERSIONS {
                return Ok(walk.end(How::Older));
            }
            if let ControlFlow::Break(()) = walk.step(event) {
                return Ok(walk.end(How::Seen));
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(walk.end(How::Seen));
        }
    }
}
