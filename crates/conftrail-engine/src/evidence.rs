//! The summary of an event that a message needs, bounded in size.

use std::borrow::Cow;
use std::collections::BTreeMap;

use conftrail_core::alerting::Evidence;
use conftrail_core::{Actor, Change, Event, Value};

use crate::shorten::{Keep, beginning, difference, shorten};

/// How many changes are kept; the number of all stands beside them.
const MOST_CHANGES: usize = 20;
/// Longest text or JSON of a value in characters.
const LONGEST_VALUE: usize = 1000;
/// Longest fact of `detail` in characters.
const LONGEST_DETAIL: usize = 1000;

/// Summarises an event, or the one change of it that a finding is about. Events are masked, so the summary is.
pub(crate) fn evidence(event: &Event, only: Option<&Change>) -> Evidence {
    let changes = only.map_or(&*event.changes, std::slice::from_ref);
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
        actor: Actor::clone(&event.actor),
        reason: event.reason.clone(),
        changes: changes.iter().take(MOST_CHANGES).map(bounded).collect(),
        change_count: changes.len() as u64,
        flags: event.flags.clone(),
        detail,
    }
}

fn bounded(change: &Change) -> Change {
    let (before, after) = match (&change.before, &change.after) {
        (Some(before), Some(after)) => {
            let (before, after) = bounded_pair(before, after);
            (Some(before), Some(after))
        }
        (before, after) => (before.as_ref().map(bounded_value), after.as_ref().map(bounded_value)),
    };
    Change {
        path: shorten(&change.path, LONGEST_VALUE).into(),
        op: change.op,
        before,
        after,
        sensitive: change.sensitive,
    }
}

/// Keeps of two long values what differs.
fn bounded_pair(before: &Value, after: &Value) -> (Value, Value) {
    let texts = (long_form(before), long_form(after));
    let (old, new) = difference(&texts.0, &texts.1, LONGEST_VALUE, Keep::Most);
    (cut(before, &texts.0, old), cut(after, &texts.1, new))
}

fn bounded_value(value: &Value) -> Value {
    let text = long_form(value);
    cut(value, &text, beginning(&text, LONGEST_VALUE))
}

fn cut(value: &Value, whole: &str, part: Cow<'_, str>) -> Value {
    if part == whole { value.clone() } else { Value::Text(part.into()) }
}

/// Returns the text of a value that can be long; all others are short.
fn long_form(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Text(text) => Cow::Borrowed(text),
        Value::List(_) | Value::Map(_) => Cow::Owned(value.display()),
        _ => Cow::Borrowed(""),
    }
}

/// Says whether a value of a summary is whole: what was cut is longer than what is kept whole.
pub(crate) fn is_whole(value: &Value) -> bool {
    value.as_text().is_none_or(|text| text.chars().nth(LONGEST_VALUE).is_none())
}
