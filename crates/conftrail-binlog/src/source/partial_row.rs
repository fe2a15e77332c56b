//! Rows of which the server logged some columns only (`binlog_row_image` MINIMAL or NOBLOB).

use std::sync::Arc;

use conftrail_core::capture::Draft;
use conftrail_core::mask::Masker;
use conftrail_core::{Event, Map, Value};

use super::editor::claim_by_column;
use super::tables::Captured;
use crate::plan::TablePlan;

/// A change of some columns, in clear. Both sides begin with the key's columns.
#[derive(Debug)]
pub(super) struct PartialRow {
    captured: Arc<Captured>,
    before: Option<Side>,
    after: Option<Side>,
}

/// The logged columns of one side.
#[derive(Debug)]
struct Side {
    row: Map,
    /// The plan's column of each entry.
    columns: Vec<usize>,
}

impl PartialRow {
    /// Puts the key in front; an after image without it takes it from the before image, which always has it.
    pub(super) fn new(
        plan: Arc<TablePlan>,
        captured: Arc<Captured>,
        before: Option<Map>,
        after: Option<Map>,
    ) -> Self {
        let after = after.map(|row| Side::new(&plan, &row, before.as_ref()));
        let before = before.map(|row| Side::new(&plan, &row, None));
        Self { captured, before, after }
    }

    /// Makes the event.
    pub(super) fn event(self, masker: &Masker, draft: Draft) -> Option<Arc<Event>> {
        let partial = &self.captured.partial;
        let mut masked = Vec::new();
        let [before, after] = [self.before, self.after].map(|side| {
            side.map(|Side { mut row, columns }| {
                masker.row(&partial.masks, &mut row, Some(&columns), &mut masked);
                row
            })
        });
        let mut made = partial.table.event(masker, draft, before, after)?;
        claim_by_column(&mut made, &self.captured.editors);
        let event = Arc::make_mut(&mut made);
        for change in &mut event.changes {
            change.sensitive |= masked.iter().any(|path| {
                path.strip_prefix(change.path.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            });
        }
        event.masked.append(&mut masked);
        event.masked.sort_unstable();
        event.masked.dedup();
        Some(made)
    }
}

impl Side {
    fn new(plan: &TablePlan, row: &Map, other: Option<&Map>) -> Self {
        let key = plan.key.iter().filter_map(|index| {
            let column = plan.columns.get(*index)?;
            let value = row.get(&column.name).or_else(|| other?.get(&column.name));
            Some((*index, (column.name.clone(), value.cloned().unwrap_or(Value::Null))))
        });
        let others = plan.columns.iter().enumerate().filter(|(index, _)| !plan.key.contains(index));
        let others = others.filter_map(|(index, column)| {
            Some((index, (column.name.clone(), row.get(&column.name)?.clone())))
        });
        let (columns, entries): (Vec<_>, Vec<_>) = key.chain(others).unzip();
        Self { row: Map::from_unique(entries), columns }
    }
}
