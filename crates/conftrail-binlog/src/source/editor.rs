//! Columns such as `updated_by`: they claim who edited a row.

use std::sync::Arc;

use conftrail_core::{Action, Claimed, Event, SmolStr, Value};

/// The evidence, as it stands in `actor.claimed.via`.
const VIA_COLUMN: &str = "column";

/// Adds the claim of the first of these columns that this change itself wrote.
///
/// A name that stood there before is that of an earlier editor, and a deleted row has no other. What a statement or a
/// context row claims stands.
pub(super) fn claim_by_column(event: &mut Arc<Event>, columns: &[SmolStr]) {
    if event.actor.claimed.is_some() {
        return;
    }
    let Some(name) = columns.iter().find_map(|column| written(event, column)).cloned() else { return };
    let via = Some(SmolStr::new_static(VIA_COLUMN));
    let actor = &mut Arc::make_mut(event).actor;
    Arc::make_mut(actor).claimed = Some(Claimed { name: Some(name), via, reason: None });
}

/// The text that a change wrote into a column.
fn written<'e>(event: &'e Event, column: &SmolStr) -> Option<&'e SmolStr> {
    let is_new = match event.action {
        Action::Create => true,
        Action::Update | Action::Rename => event.changes.iter().any(|change| change.path == *column),
        _ => false,
    };
    match event.after.as_ref()?.as_map()?.get(column)? {
        Value::Text(name) if is_new && !name.is_empty() => Some(name),
        _ => None,
    }
}
