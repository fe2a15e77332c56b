//! Rows events: their header, which columns they carry, and where their rows begin.

use super::{DecodeError, Names, Rows};
use crate::cursor::Cursor;
use crate::plan::TablePlan;

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
    /// Returns the kind of a header's event type; `None` for what is no rows event or carries JSON diffs.
    pub fn of_event_type(event_type: u8) -> Option<Self> {
        match event_type {
            23 | 30 => Some(Self::Write),
            24 | 31 => Some(Self::Update),
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
        Self::read(kind, event_type >= 30, body).ok_or(DecodeError::Header { bytes: body.len() })
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
        Some(Self { table_id, flags, kind, column_count, before: first, after: second, rows: cursor.rest() })
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
