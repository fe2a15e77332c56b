//! The two forms of containers in a binary JSON document, and the kinds of values.

use crate::cursor::Cursor;

/// The type bytes.
pub(super) mod kind {
    pub(in crate::decode::json) const SMALL_OBJECT: u8 = 0x00;
    pub(in crate::decode::json) const LARGE_OBJECT: u8 = 0x01;
    pub(in crate::decode::json) const SMALL_ARRAY: u8 = 0x02;
    pub(in crate::decode::json) const LARGE_ARRAY: u8 = 0x03;
    pub(in crate::decode::json) const LITERAL: u8 = 0x04;
    pub(in crate::decode::json) const INT16: u8 = 0x05;
    pub(in crate::decode::json) const UINT16: u8 = 0x06;
    pub(in crate::decode::json) const INT32: u8 = 0x07;
    pub(in crate::decode::json) const UINT32: u8 = 0x08;
    pub(in crate::decode::json) const INT64: u8 = 0x09;
    pub(in crate::decode::json) const UINT64: u8 = 0x0a;
    pub(in crate::decode::json) const DOUBLE: u8 = 0x0b;
    pub(in crate::decode::json) const STRING: u8 = 0x0c;
    pub(in crate::decode::json) const OPAQUE: u8 = 0x0f;
}

/// How a container writes counts, sizes and offsets. A type rather than a field, so that each form is compiled for
/// its own width.
pub(super) trait Form {
    /// Bytes of each.
    const WIDTH: usize;

    /// Reads a count, a size or an offset.
    fn number(cursor: &mut Cursor<'_>) -> Option<usize>;

    /// Says whether values of a kind are small enough to stand in place of their offset.
    fn is_inline(kind: u8) -> bool;
}

pub(super) struct Small;

impl Form for Small {
    const WIDTH: usize = 2;

    #[inline]
    fn number(cursor: &mut Cursor<'_>) -> Option<usize> {
        cursor.u16().map(usize::from)
    }

    #[inline]
    fn is_inline(kind: u8) -> bool {
        matches!(kind, kind::LITERAL | kind::INT16 | kind::UINT16)
    }
}

pub(super) struct Large;

impl Form for Large {
    const WIDTH: usize = 4;

    #[inline]
    fn number(cursor: &mut Cursor<'_>) -> Option<usize> {
        usize::try_from(cursor.u32()?).ok()
    }

    #[inline]
    fn is_inline(kind: u8) -> bool {
        Small::is_inline(kind) || matches!(kind, kind::INT32 | kind::UINT32)
    }
}
