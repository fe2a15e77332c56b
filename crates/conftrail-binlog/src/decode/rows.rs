//! The rows of an event, one by one.

use conftrail_core::{Map, Value};

use super::cell::decode;
use super::event::{Bitmap, has_bit};
use super::{CellProblem, DecodeError, Names, RowsEvent, RowsKind};
use crate::cursor::Cursor;
use crate::plan::{ColumnPlan, Frame, TablePlan};

/// Holds one changed row. An image has the columns the event carries, in the table's order.
#[derive(Clone, Debug, PartialEq)]
pub struct RowChange {
    /// The row before; absent for inserts.
    pub before: Option<Map>,
    /// The row after; absent for deletes.
    pub after: Option<Map>,
    /// Whether some text was not valid in its character set and stands as `{"$b64": …}`.
    pub has_invalid_text: bool,
}

/// Iterates over an event's rows.
///
/// A row whose content is damaged is an error of its own and the rows behind it follow; when a cell's end cannot be found
/// ([`DecodeError::loses_the_rest`]) the error is the last item.
#[derive(Debug)]
pub struct Rows<'a, 'p> {
    pub(super) event: RowsEvent<'a>,
    pub(super) plan: &'p TablePlan,
    pub(super) names: &'p mut Names,
    pub(super) rest: Cursor<'a>,
}

impl<'a, 'p> Rows<'a, 'p> {
    /// The plan has the event's number of columns.
    pub(super) fn new(event: RowsEvent<'a>, plan: &'p TablePlan, names: &'p mut Names) -> Self {
        Self { event, plan, names, rest: Cursor::new(event.rows) }
    }

    /// Steps over one row; `None` at the end.
    pub(super) fn skip_row(&mut self) -> Option<Result<(), DecodeError>> {
        if self.rest.is_empty() {
            return None;
        }
        let skipped = self.check_progress().and_then(|()| self.skip_images());
        if skipped.is_err() {
            self.rest = Cursor::new(&[]);
        }
        Some(skipped)
    }

    /// Rows without a column take no bytes, so that there is no telling how many there are.
    fn check_progress(&self) -> Result<(), DecodeError> {
        let columns = match self.event.kind {
            RowsKind::Update => self.event.before.set_count() + self.event.after.set_count(),
            RowsKind::Write | RowsKind::Delete => self.event.before.set_count(),
        };
        if columns == 0 {
            return Err(DecodeError::NoColumns { bytes: self.rest.rest().len() });
        }
        Ok(())
    }

    fn skip_images(&mut self) -> Result<(), DecodeError> {
        self.skip_image(self.event.before)?;
        match self.event.kind {
            RowsKind::Update => {
                self.differences()?;
                self.skip_image(self.event.after)
            }
            RowsKind::Write | RowsKind::Delete => Ok(()),
        }
    }

    fn skip_image(&mut self, present: Bitmap<'a>) -> Result<(), DecodeError> {
        let nulls = self.null_bitmap(present)?;
        let mut place = 0;
        for (index, column) in self.plan.columns.iter().enumerate() {
            if !present.has(index) {
                continue;
            }
            if !has_bit(nulls, place) {
                take_cell(&mut self.rest, column, index)?;
            }
            place += 1;
        }
        Ok(())
    }

    pub(super) fn null_bitmap(&mut self, present: Bitmap<'a>) -> Result<&'a [u8], DecodeError> {
        let bytes = self.rest.rest().len();
        self.rest.take(present.set_count().div_ceil(8)).ok_or(DecodeError::NullBitmap { bytes })
    }

    fn change(&mut self) -> Result<RowChange, DecodeError> {
        let mut problems = Problems::default();
        let first = self.image(self.event.before, &mut problems)?;
        let (before, after) = match self.event.kind {
            RowsKind::Write => (None, Some(first)),
            RowsKind::Delete => (Some(first), None),
            RowsKind::Update => {
                let after = match self.differences()? {
                    Some(differences) => self.image_after(&first, differences, &mut problems)?,
                    None => self.image(self.event.after, &mut problems)?,
                };
                (Some(first), Some(after))
            }
        };
        match problems.first {
            Some(error) => Err(error),
            None => Ok(RowChange { before, after, has_invalid_text: problems.invalid_text }),
        }
    }

    fn image(&mut self, present: Bitmap<'a>, problems: &mut Problems) -> Result<Map, DecodeError> {
        let nulls = self.null_bitmap(present)?;
        let mut image = Vec::with_capacity(present.set_count());
        for (index, column) in self.plan.columns.iter().enumerate() {
            if !present.has(index) {
                continue;
            }
            let value = if has_bit(nulls, image.len()) {
                Value::Null
            } else {
                let cell = take_cell(&mut self.rest, column, index)?;
                problems.value(column, index, cell, self.names)
            };
            image.push((column.name.clone(), value));
        }
        Ok(Map::from_unique(image))
    }
}

/// Collects what went wrong in a row whose cells all end where they should.
#[derive(Default)]
pub(super) struct Problems {
    first: Option<DecodeError>,
    invalid_text: bool,
}

impl Problems {
    #[inline]
    pub(super) fn value(
        &mut self,
        column: &ColumnPlan,
        index: usize,
        cell: &[u8],
        names: &mut Names,
    ) -> Value {
        decode(&column.cell, cell, names, &mut self.invalid_text)
            .unwrap_or_else(|problem| self.note(column, index, cell, problem))
    }

    /// Remembers the first problem; the row is not handed out, so that any value will do.
    pub(super) fn note(
        &mut self,
        column: &ColumnPlan,
        index: usize,
        cell: &[u8],
        problem: CellProblem,
    ) -> Value {
        let error = DecodeError::Cell { column: index, column_type: column.code, bytes: cell.len(), problem };
        self.first.get_or_insert(error);
        Value::Null
    }
}

#[inline]
pub(super) fn take_cell<'a>(
    rest: &mut Cursor<'a>,
    column: &ColumnPlan,
    index: usize,
) -> Result<&'a [u8], DecodeError> {
    let left = rest.rest().len();
    let cell = match column.frame {
        Frame::Fixed(bytes) => rest.take(usize::from(bytes)),
        Frame::Prefixed(1) => rest.u8().and_then(|length| rest.take(usize::from(length))),
        Frame::Prefixed(length_bytes) => rest
            .uint(usize::from(length_bytes))
            .and_then(|length| usize::try_from(length).ok())
            .and_then(|length| rest.take(length)),
        Frame::Unknown => None,
    };
    cell.ok_or_else(|| {
        let problem =
            if column.frame == Frame::Unknown { CellProblem::Unsupported } else { CellProblem::CutShort };
        DecodeError::Cell { column: index, column_type: column.code, bytes: left, problem }
    })
}

impl Iterator for Rows<'_, '_> {
    type Item = Result<RowChange, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let change = self.check_progress().and_then(|()| self.change());
        if change.as_ref().is_err_and(DecodeError::loses_the_rest) {
            self.rest = Cursor::new(&[]);
        }
        Some(change)
    }
}
