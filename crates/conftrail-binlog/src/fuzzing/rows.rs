//! A table map and a rows event that claims to be of its table: decoding and counting agree, whatever the bytes are, and what was
//! decoded before changes nothing.

use crate::decode::{DecodeError, Names, RowChange, RowsEvent};
use crate::plan::TablePlan;
use crate::table_map::TableMap;

/// Decodes a rows event. The input: length of the table map's body, that body, the rows event's type, its body.
///
/// # Panics
/// When something that must hold of every event does not.
pub fn rows(input: &[u8]) {
    let Some((map, rows)) = super::split(input) else { return };
    let Ok(map) = TableMap::parse(map) else { return };
    let plan = TablePlan::best(&map, None);
    let Some((event_type, body)) = rows.split_first() else { return };
    let Ok(event) = RowsEvent::parse(*event_type, body) else { return };
    let mut names = Names::default();
    let Some(changes) = decoded(&event, &plan, &mut names) else { return };
    for change in changes.iter().flatten() {
        let row = change.after.as_ref().or(change.before.as_ref()).expect("a change has a side");
        let _key = plan.key_of(row);
        let columns = change.before.iter().chain(&change.after).map(conftrail_core::Map::len);
        assert!(columns.max() <= Some(plan.columns.len()), "an image has the table's columns at most");
    }
    let lost = changes.iter().filter_map(|change| change.as_ref().err()).any(DecodeError::loses_the_rest);
    let count = changes.len() as u64;
    assert_eq!(event.count_rows(&plan).ok(), (!lost).then_some(count), "ids count rows as decoding does");
    assert!(changes.len() <= body.len(), "a row takes a byte at least");
    let again = decoded(&event, &plan, &mut names).expect("the columns are the same");
    assert_eq!(format!("{again:?}"), format!("{changes:?}"), "remembered names change no value");
}

type Changes = Vec<Result<RowChange, DecodeError>>;

fn decoded(event: &RowsEvent<'_>, plan: &TablePlan, names: &mut Names) -> Option<Changes> {
    event.rows(plan, names).ok().map(Iterator::collect)
}
