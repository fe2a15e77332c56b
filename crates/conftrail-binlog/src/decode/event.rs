//! Rows events: their header, which columns they carry, and where their rows begin.

use super::{DecodeError, Names, Rows};
use crate::cursor::Cursor;
use crate::plan::TablePlan;

/// The type of an update whose after images may tell differences of JSON documents.
const PARTIAL_UPDATE: u8 = 39;

/// Says what a rows event does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowsKind {
    /// Rows were inserted: each has an after image.
    Write,
    /// Rows were changed: each has both images.
    Update,
    /// Rows were deleted: each has a before image.
    Delete,
}

impl RowsKind {
    /// Returns the kind of a header's event type; `None` for what is no rows event.
    pub fn of_event_type(event_type: u8) -> Option<Self> {
        match event_type {
            23 | 30 => Some(Self::Write),
            24 | 31 | PARTIAL_UPDATE => Some(Self::Update),
            25 | 32 => Some(Self::Delete),
            _ => None,
        }
    }
}

/// Holds a rows event of version 1 or 2 over borrowed bytes.
///
/// Source of the layout: MySQL, `libbinlogevents/include/rows_event.h`.
#[derive(Clone, Copy, Debug)]
pub struct RowsEvent<'a> {
    /// The table map it belongs to.
    pub table_id: u64,
    /// The flags of its header.
    pub flags: u16,
    /// What it does.
    pub kind: RowsKind,
    /// The number of columns of the table.
    pub column_count: usize,
    /// Whether after images may tell differences of JSON documents instead of the documents.
    pub has_differences: bool,
    pub(super) before: Bitmap<'a>,
    pub(super) after: Bitmap<'a>,
    pub(super) rows: &'a [u8],
}

/// Holds one bit per column, lowest first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bitmap<'a> {
    bits: &'a [u8],
    /// How many of the bits that count are set.
    set: usize,
    /// Whether all of them are.
    is_full: bool,
}

impl<'a> Bitmap<'a> {
    fn read(cursor: &mut Cursor<'a>, count: usize) -> Option<Self> {
        let bits = cursor.take(count.div_ceil(8))?;
        let (whole, odd) = bits.split_at_checked(count / 8)?;
        let odd = odd.first().map_or(0, |byte| byte & !(0xff << (count % 8)));
        let set = whole.iter().chain([&odd]).map(|byte| byte.count_ones() as usize).sum();
        Some(Self { bits, set, is_full: set == count })
    }

    #[inline]
    pub(super) fn has(self, index: usize) -> bool {
        self.is_full || has_bit(self.bits, index)
    }

    pub(super) fn is_full(self) -> bool {
        self.is_full
    }

    pub(super) fn set_count(self) -> usize {
        self.set
    }
}

/// Says whether a bit is set; a bit past the end is not.
#[inline]
pub(super) fn has_bit(bits: &[u8], index: usize) -> bool {
    bits.get(index / 8).is_some_and(|byte| byte & (1 << (index % 8)) != 0)
}

impl<'a> RowsEvent<'a> {
    /// The table id of an event that holds no rows and only ends a statement.
    pub const DUMMY_TABLE_ID: u64 = 0x00ff_ffff;

    /// Reads an event's body: without the common header and the checksum.
    ///
    /// # Errors
    /// For an event type that [`RowsKind::of_event_type`] does not know, or a header cut short.
    pub fn parse(event_type: u8, body: &'a [u8]) -> Result<Self, DecodeError> {
        let kind = RowsKind::of_event_type(event_type).ok_or(DecodeError::EventType { event_type })?;
        let event =
            Self::read(kind, event_type >= 30, body).ok_or(DecodeError::Header { bytes: body.len() })?;
        Ok(Self { has_differences: event_type == PARTIAL_UPDATE, ..event })
    }

    fn read(kind: RowsKind, version_2: bool, body: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let table_id = cursor.uint(6)?;
        let flags = cursor.u16()?;
        if version_2 {
            // The length counts its own two bytes. What it holds (partition ids, engine notes) changes no value.
            let extra = usize::from(cursor.u16()?).checked_sub(2)?;
            cursor.take(extra)?;
        }
        let column_count = usize::try_from(cursor.length_encoded()?).ok()?;
        let first = Bitmap::read(&mut cursor, column_count)?;
        let second = match kind {
            RowsKind::Update => Bitmap::read(&mut cursor, column_count)?,
            RowsKind::Write | RowsKind::Delete => first,
        };
        Some(Self {
            table_id,
            flags,
            kind,
            column_count,
            has_differences: false,
            before: first,
            after: second,
            rows: cursor.rest(),
        })
    }

    /// Says whether this is the last event of its statement.
    pub fn ends_statement(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Says whether every image holds all columns of the table.
    pub fn has_full_images(&self) -> bool {
        self.before.set_count() == self.column_count && self.after.set_count() == self.column_count
    }

    /// Decodes the rows one by one. The names of JSON documents' members are remembered for the next event's.
    ///
    /// # Errors
    /// When the plan has another number of columns.
    pub fn rows<'p>(&self, plan: &'p TablePlan, names: &'p mut Names) -> Result<Rows<'a, 'p>, DecodeError> {
        self.check_columns(plan)?;
        Ok(Rows::new(*self, plan, names))
    }

    /// Counts the rows without decoding values: ids count rows before filters.
    ///
    /// # Errors
    /// When the plan does not fit, or where a row is cut short.
    pub fn count_rows(&self, plan: &TablePlan) -> Result<u64, DecodeError> {
        // No document is looked into.
        let mut names = Names::default();
        let mut rows = self.rows(plan, &mut names)?;
        let mut count = 0;
        while let Some(skipped) = rows.skip_row() {
            skipped?;
            count += 1;
        }
        Ok(count)
    }

    fn check_columns(&self, plan: &TablePlan) -> Result<(), DecodeError> {
        if self.column_count == plan.columns.len() {
            return Ok(());
        }
        Err(DecodeError::ColumnCount { event: self.column_count, plan: plan.columns.len() })
    }
}

#[cfg(test)]
mod tests {
    use conftrail_core::Map;

    use super::{RowsEvent, RowsKind};
    use crate::decode::{Names, RowChange};
    use crate::plan::TablePlan;
    use crate::table_map::TableMap;
    use crate::testing::TableMapBytes;

    /// What MySQL 5.5 tells of `id INT, t TIME, d DATETIME, s TIMESTAMP, v VARCHAR(9), m DECIMAL(5,2)`: no more than the types.
    fn plan_of_5_5() -> TablePlan {
        let body = TableMapBytes::new("d", "t")
            .column(3, &[])
            .column(11, &[])
            .column(12, &[])
            .column(7, &[])
            .column(15, &[9, 0])
            .column(246, &[5, 2]);
        TablePlan::best(&TableMap::parse(&body.build()).expect("a table map"), None)
    }

    /// A row of that table.
    fn row(id: u8) -> Vec<u8> {
        let time = 123_456_u32.to_le_bytes();
        let datetime = 20_111_120_100_059_u64.to_le_bytes();
        let timestamp = 1_000_000_000_u32.to_le_bytes();
        [&[0][..], &[id, 0, 0, 0], &time[..3], &datetime, &timestamp, &[2], b"hi", &[0x80, 12, 34]].concat()
    }

    fn text(image: Option<&Map>) -> Option<String> {
        image.map(|image| serde_json::to_string(image).expect("json"))
    }

    #[test]
    fn the_rows_events_of_mysql_5_5_are_read_as_those_of_today() {
        let plan = plan_of_5_5();
        let shown = |id: u8| {
            Some(format!(
                r#"{{"@1":{id},"@2":"12:34:56","@3":"2011-11-20 10:00:59","@4":"2001-09-09T01:46:40Z","@5":"hi","@6":"12.34"}}"#
            ))
        };
        let check =
            |event_type: u8, kind: RowsKind, images: usize, rows: &[Vec<u8>], expected: [Option<u8>; 2]| {
                // No extra data stand between flags and columns.
                let header = [&[77, 0, 0, 0, 0, 0, 1, 0, 6][..], &[0xff].repeat(images)].concat();
                let body = [header, rows.concat()].concat();
                let event = RowsEvent::parse(event_type, &body).expect("a rows event");
                assert_eq!((event.kind, event.table_id, event.ends_statement()), (kind, 77, true));
                assert!(event.has_full_images());
                let changes: Vec<_> =
                    event.rows(&plan, &mut Names::default()).expect("six columns").collect();
                let [Ok(RowChange { before, after, .. })] = &changes[..] else { panic!("{changes:?}") };
                let images = [text(before.as_ref()), text(after.as_ref())];
                assert_eq!(images, expected.map(|id| id.and_then(shown)), "type {event_type}");
                assert_eq!(event.count_rows(&plan), Ok(1));
            };
        check(23, RowsKind::Write, 1, &[row(1)], [None, Some(1)]);
        check(24, RowsKind::Update, 2, &[row(1), row(2)], [Some(1), Some(2)]);
        check(25, RowsKind::Delete, 1, &[row(2)], [Some(2), None]);
    }
}
