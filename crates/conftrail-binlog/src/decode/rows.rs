//! The rows of an event, one by one.

use conftrail_core::{Map, Value};

use super::cell::decode;
use super::event::{Bitmap, has_bit};
use super::{CellProblem, DecodeError, Names, RowsEvent, RowsKind};
use crate::cursor::Cursor;
use crate::plan::{ColumnPlan, Frame, TablePlan};

/// Cells of so few bytes are decoded as quickly as they are compared.
const QUICKLY_DECODED: usize = 4;

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
        let bytes = self.rest;
        let first = self.image(self.event.before, None, &mut problems)?;
        let (before, after) = match self.event.kind {
            RowsKind::Write => (None, Some(first)),
            RowsKind::Delete => (Some(first), None),
            RowsKind::Update => {
                let after = match self.differences()? {
                    Some(differences) => self.image_after(&first, differences, &mut problems)?,
                    None => {
                        let earlier = self.earlier(bytes, &first);
                        self.image(self.event.after, earlier, &mut problems)?
                    }
                };
                (Some(first), Some(after))
            }
        };
        match problems.first {
            Some(error) => Err(error),
            None => Ok(RowChange { before, after, has_invalid_text: problems.invalid_text }),
        }
    }

    /// Returns the row before for [`Rows::image`] to look at, when both images have all columns.
    fn earlier<'m>(&self, mut cells: Cursor<'a>, image: &'m Map) -> Option<Earlier<'a, 'm>> {
        let columns = self.plan.columns.len();
        let are_full = self.event.before.is_full() && self.event.after.is_full();
        let nulls = cells.take(columns.div_ceil(8))?;
        are_full.then_some(Earlier { nulls, cells, image })
    }

    /// Reads an image. What has the bytes that it had before is not decoded again: it is the value before, shared, so that
    /// whoever compares or prints both can see that they are one.
    fn image(
        &mut self,
        present: Bitmap<'a>,
        mut earlier: Option<Earlier<'a, '_>>,
        problems: &mut Problems,
    ) -> Result<Map, DecodeError> {
        let nulls = self.null_bitmap(present)?;
        let (mut place, mut failure) = (0, None);
        let entry = |(index, column): (usize, &ColumnPlan)| {
            let known = earlier.as_mut().and_then(|earlier| earlier.next(column, index));
            let is_null = has_bit(nulls, place) || failure.is_some();
            place += 1;
            let value = if is_null {
                Value::Null
            } else {
                match (take_cell(&mut self.rest, column, index), known) {
                    (Ok(cell), Some((same, value))) if cell.len() > QUICKLY_DECODED && cell == same => {
                        value.clone()
                    }
                    (Ok(cell), _) => problems.value(column, index, cell, self.names),
                    (Err(error), _) => {
                        failure = Some(error);
                        Value::Null
                    }
                }
            };
            (column.name.clone(), value)
        };
        let columns = self.plan.columns.iter().enumerate();
        let image = if present.is_full() {
            // An iterator that knows its length: entries are made where they stay.
            Map::from_unique(columns.map(entry))
        } else {
            Map::from_unique(columns.filter(|(index, _)| present.has(*index)).map(entry))
        };
        failure.map_or(Ok(image), Err)
    }
}

/// The row before of an update, with its bytes.
struct Earlier<'a, 'm> {
    nulls: &'a [u8],
    cells: Cursor<'a>,
    image: &'m Map,
}

impl<'a, 'm> Earlier<'a, 'm> {
    /// Returns the next column's bytes and value, unless it was NULL.
    #[inline]
    fn next(&mut self, column: &ColumnPlan, index: usize) -> Option<(&'a [u8], &'m Value)> {
        if has_bit(self.nulls, index) {
            return None;
        }
        let cell = take_cell(&mut self.cells, column, index).ok()?;
        self.image.at(index).map(|(_, value)| (cell, value))
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

#[cfg(test)]
mod tests {
    use conftrail_core::{Map, Value};

    use super::{Names, RowChange, RowsEvent};
    use crate::plan::TablePlan;
    use crate::table_map::TableMap;
    use crate::testing::{TableMapBytes, prefixed};

    /// An update of one row of `(i INT, a VARCHAR, b VARCHAR, j JSON)`; `nulls` are the bits of both images.
    fn update(nulls: [u8; 2], before: &[&[u8]], after: &[&[u8]]) -> RowChange {
        let map = TableMapBytes::new("d", "t")
            .column(3, &[])
            .column(15, &[200, 0])
            .column(15, &[200, 0])
            .column(245, &[4])
            .names(&["i", "a", "b", "j"])
            .optional(2, &[45]);
        let map = TableMap::parse(&map.build()).expect("a table map");
        let plan = TablePlan::from_binlog(&map).expect("names");
        let mut body = vec![77, 0, 0, 0, 0, 0, 1, 0, 2, 0, 4, 0xff, 0xff];
        for (nulls, image) in nulls.iter().zip([before, after]) {
            body.push(*nulls);
            body.extend(image.concat());
        }
        let event = RowsEvent::parse(31, &body).expect("a header");
        let mut names = Names::default();
        let mut rows = event.rows(&plan, &mut names).expect("its columns");
        let change = rows.next().expect("a row").expect("decoded");
        assert!(rows.next().is_none());
        change
    }

    fn shown(change: &RowChange) -> [String; 2] {
        [&change.before, &change.after].map(|row| serde_json::to_string(row).expect("json"))
    }

    fn document(row: &Option<Map>) -> &Map {
        row.as_ref().and_then(|row| row.get("j")?.as_map()).expect("a document")
    }

    /// `{"k": "text"}` as MySQL stores it, behind its length.
    const JSON: &[u8] =
        &[18, 0, 0, 0, 0, 1, 0, 17, 0, 11, 0, 1, 0, 12, 12, 0, b'k', 4, b't', b'e', b'x', b't'];

    #[test]
    fn what_an_update_left_as_it_was_is_shared_and_what_it_changed_is_not() {
        let (same, old, new) =
            (prefixed("the same text"), prefixed("the old text"), prefixed("the new text"));
        let (one, two) = (&[1, 0, 0, 0][..], &[2, 0, 0, 0][..]);
        let change = update([0xf0; 2], &[one, &same, &old, JSON], &[two, &same, &new, JSON]);
        assert_eq!(
            shown(&change),
            [
                r#"{"i":1,"a":"the same text","b":"the old text","j":{"k":"text"}}"#,
                r#"{"i":2,"a":"the same text","b":"the new text","j":{"k":"text"}}"#,
            ]
        );
        assert!(document(&change.before).is_clone_of(document(&change.after)));
    }

    #[test]
    fn columns_that_were_null_on_either_side_are_not_taken_for_others() {
        let (a, b) = (prefixed("the same text"), prefixed("the same text"));
        let one = &[1, 0, 0, 0][..];
        // `a` becomes NULL, `b` gets what `a` was.
        let change = update([0xf4, 0xf2], &[one, &a, JSON], &[one, &b, JSON]);
        assert_eq!(
            shown(&change),
            [
                r#"{"i":1,"a":"the same text","b":null,"j":{"k":"text"}}"#,
                r#"{"i":1,"a":null,"b":"the same text","j":{"k":"text"}}"#,
            ]
        );
        let change = update([0xf8, 0xf1], &[one, &a, &b], &[&a, &b, JSON]);
        assert_eq!(change.after.as_ref().and_then(|row| row.get("i")), Some(&Value::Null));
        assert_eq!(document(&change.after).len(), 1);
    }
}
