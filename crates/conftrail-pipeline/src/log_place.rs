//! Notices a change log that is not the one it was, and says what that means.

use std::collections::BTreeMap;
use std::sync::Arc;

use conftrail_core::capture::{Draft, Payload};
use conftrail_core::ports::{ChangeLog, ControlStore};
use conftrail_core::{
    Action, Event, LogIdentity, LogPlace, Map, Origin, PortResult, Resource, ResourceKind, Timestamp,
};

use crate::now;

/// Says what is lost; a message begins with "Changes of SOURCE are lost:".
const CAUSE: &str =
    "whatever the change log held that was not on record, for it was removed or put back from a copy";

/// Compares the log with what was seen of it. Every worker does so before it touches the log, so that whoever comes
/// first finds out for all. Returns what was seen by each source, too.
pub(crate) async fn recognise(
    log: &dyn ChangeLog,
    control: &dyn ControlStore,
) -> PortResult<(LogIdentity, BTreeMap<String, LogPlace>)> {
    let seen = control.log_places().await?;
    let places: Vec<LogPlace> = seen.values().cloned().collect();
    let identity = log.recognise(&places).await?;
    Ok((identity, seen))
}

/// Returns the event that tells of what a source had put into a log that is gone. The same pair of logs makes the same
/// event, so that a repeat adds nothing.
pub(crate) fn lost(origin: &Origin, was: &LogPlace, is: &LogIdentity) -> Arc<Event> {
    let offset = was.end.iter().map(|order| order.offset).max().unwrap_or_default();
    let (from, to) = (format!("{}:{offset}", was.log.id), is.id.as_str());
    // The time at which the log was made, for an epoch is that: it must be the same when this is repeated.
    let time = Timestamp::from_seconds(i64::from(is.epoch));
    let mut draft = Draft::new(origin.clone(), time, now(), format!("gap:change-log:{from}:{to}").into(), 0);
    let mut detail = Map::default();
    detail.insert("from", from);
    detail.insert("to", to);
    detail.insert("cause", CAUSE);
    draft.detail = Some(detail);
    let resource = Resource::new(&origin.kind, &origin.name, ResourceKind::Source, None, None, "change-log");
    draft.finish(Action::Gap, resource, Payload::default())
}
