//! Statements that are told beside their rows: a literal that a row shows to be secret is masked in the statement as well.

use std::collections::HashSet;
use std::sync::Arc;

use conftrail_core::mask::{Masker, masks_of_row};
use conftrail_core::{Event, Value};

use super::statements::with_text;

/// Masks in each statement what its rows in this batch were found to hold. Each of them tells all of it.
pub(super) fn mask(events: &mut [Arc<Event>], masker: &Masker) {
    let is_of_interest = |event: &Arc<Event>| event.detail.is_some() && !event.masked.is_empty();
    if !events.iter().any(is_of_interest) {
        return;
    }
    for rows in events.chunk_by_mut(|one, next| one.tx.is_some() && is_same_statement(one, next)) {
        if let Some(text) = masked(rows, masker) {
            for event in rows {
                let event = Arc::make_mut(event);
                event.detail = event.detail.take().map(|detail| with_text(detail, text.clone()));
            }
        }
    }
}

fn is_same_statement(one: &Event, other: &Event) -> bool {
    let place = |event: &Event| event.tx.as_ref().map(|tx| (tx.id.clone(), tx.statement));
    place(one) == place(other) && text(one) == text(other)
}

fn text(event: &Event) -> Option<&str> {
    event.detail.as_ref()?.get("text")?.as_text()
}

/// Returns the text of the rows' statement without what they hold; none where it shows nothing of it.
fn masked(rows: &[Arc<Event>], masker: &Masker) -> Option<String> {
    let text = text(rows.first()?)?;
    let mut masks = HashSet::new();
    for event in rows.iter().filter(|event| !event.masked.is_empty()) {
        let sides = [&event.before, &event.after].into_iter().flatten();
        sides.filter_map(Value::as_map).for_each(|row| masks_of_row(row, &mut masks));
    }
    if masks.is_empty() { None } else { masker.sql_of_rows(text, &masks) }
}
