//! The summary of an event that a message needs, bounded in size.

use std::collections::BTreeMap;

use conftrail_core::alerting::Evidence;
use conftrail_core::{Change, Event, Value};

use crate::shorten::shorten;

/// How many changes are kept; the number of all stands beside them.
const MOST_CHANGES: usize = 20;
/// Longest text or JSON of a value in characters.
const LONGEST_VALUE: usize = 1000;
/// Longest fact of `detail` in characters.
const LONGEST_DETAIL: usize = 1000;

/// Summarises an event. Events are masked, so the summary is.
pub(crate) fn evidence(event: &Event) -> Evidence {
    let detail: BTreeMap<String, String> = (event.detail.iter().flat_map(conftrail_core::Map::iter))
        .map(|(name, value)| (name.to_string(), shorten(&value.display(), LONGEST_DETAIL).into_owned()))
        .collect();
    Evidence {
        event: event.id,
        time: event.time,
        observed: event.observed,
        action: event.action,
        source: event.source.clone(),
        resource: event.resource.clone(),
        actor: event.actor.clone(),
        reason: event.reason.clone(),
        changes: event.changes.iter().take(MOST_CHANGES).map(bounded).collect(),
        change_count: event.changes.len() as u64,
        flags: event.flags.clone(),
        detail,
    }
}

fn bounded(change: &Change) -> Change {
    Change {
        path: shorten(&change.path, LONGEST_VALUE).into_owned(),
        op: change.op,
        before: change.before.as_ref().map(bounded_value),
        after: change.after.as_ref().map(bounded_value),
        sensitive: change.sensitive,
    }
}

fn bounded_value(value: &Value) -> Value {
    let text = match value {
        Value::Text(text) => shorten(text, LONGEST_VALUE),
        Value::List(_) | Value::Map(_) => {
            let json = value.display();
            if json.chars().nth(LONGEST_VALUE).is_none() {
                return value.clone();
            }
            return Value::Text(shorten(&json, LONGEST_VALUE).into_owned());
        }
        scalar => return scalar.clone(),
    };
    Value::Text(text.into_owned())
}

/// Says whether a value of a summary is whole.
pub(crate) fn is_whole(value: &Value) -> bool {
    value.as_text().is_none_or(|text| !(text.ends_with('…') && text.chars().count() > LONGEST_VALUE))
}
