//! One column of a plan: its name, how far its cells reach, and what they mean.

use std::sync::Arc;

use conftrail_core::SmolStr;

use crate::decode::Charset;
use crate::table_map::ColumnType;

/// Holds one column of a table.
#[derive(Clone, Debug)]
pub struct ColumnPlan {
    /// The column's name; `@1`, `@2`, … where nothing told it.
    pub name: SmolStr,
    /// How its cells are stored.
    pub column_type: ColumnType,
    /// The type code in the table map.
    pub code: u8,
    /// Whether it is an unsigned number.
    pub unsigned: bool,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Whether `SELECT *` shows it.
    pub visible: bool,
    /// The collation's id, where it was told.
    pub collation: Option<u64>,
    /// The character set of its text; [`Charset::UNKNOWN`] where it was not told.
    pub charset: Charset,
    /// The labels of an ENUM or SET; absent where nothing told them.
    pub labels: Option<LabelSet>,
    pub(crate) frame: Frame,
    pub(crate) cell: Cell,
}

/// The labels of an ENUM or a SET in their order.
pub type LabelSet = Arc<[SmolStr]>;

/// Says where a cell ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Always this many bytes.
    Fixed(u16),
    /// A length of this many bytes, then the content.
    Prefixed(u8),
    /// Not known: nothing behind such a column can be read.
    Unknown,
}

/// Says what a cell's bytes mean.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Signed,
    Unsigned,
    Float,
    Double,
    Decimal { precision: u8, scale: u8 },
    Year,
    Date,
    Time { digits: u8 },
    DateTime { digits: u8 },
    Timestamp { digits: u8 },
    OldTime,
    OldDateTime,
    OldTimestamp,
    Bit,
    Enum(Option<LabelSet>),
    Set(Option<LabelSet>),
    Text(Charset),
    Binary { pad_to: u16 },
    Json,
    Geometry,
    Vector,
    Uuid,
    Inet4,
    Inet6,
    HiresTime { digits: u8 },
    HiresDateTime { digits: u8 },
    HiresTimestamp { digits: u8 },
    Null,
    Unknown,
}

impl Cell {
    /// Says whether its values are numbers or times, written with digits and `-:. TZ` alone, or no texts at all.
    pub(crate) fn is_numeric(&self) -> bool {
        match self {
            Self::Signed
            | Self::Unsigned
            | Self::Float
            | Self::Double
            | Self::Decimal { .. }
            | Self::Year
            | Self::Date
            | Self::Time { .. }
            | Self::DateTime { .. }
            | Self::Timestamp { .. }
            | Self::OldTime
            | Self::OldDateTime
            | Self::OldTimestamp
            | Self::Bit
            | Self::HiresTime { .. }
            | Self::HiresDateTime { .. }
            | Self::HiresTimestamp { .. }
            | Self::Null => true,
            Self::Enum(_)
            | Self::Set(_)
            | Self::Text(_)
            | Self::Binary { .. }
            | Self::Json
            | Self::Geometry
            | Self::Vector
            | Self::Uuid
            | Self::Inet4
            | Self::Inet6
            | Self::Unknown => false,
        }
    }
}

impl ColumnPlan {
    /// Works out frame and meaning from the facts.
    pub(super) fn new(name: SmolStr, column_type: ColumnType, code: u8, facts: ColumnDetail) -> Self {
        let ColumnDetail { unsigned, nullable, visible, collation, charset, labels } = facts;
        let frame = frame(column_type);
        let cell = cell(column_type, unsigned, charset, labels.clone());
        Self { name, column_type, code, unsigned, nullable, visible, collation, charset, labels, frame, cell }
    }
}

/// What is told about a column beside its name and storage.
pub(super) struct ColumnDetail {
    pub(super) unsigned: bool,
    pub(super) nullable: bool,
    pub(super) visible: bool,
    pub(super) collation: Option<u64>,
    pub(super) charset: Charset,
    pub(super) labels: Option<LabelSet>,
}

fn frame(column_type: ColumnType) -> Frame {
    match column_type {
        ColumnType::Int { bytes } | ColumnType::Enum { bytes } | ColumnType::Set { bytes } => {
            Frame::Fixed(u16::from(bytes))
        }
        ColumnType::Float | ColumnType::OldTimestamp => Frame::Fixed(4),
        ColumnType::Double | ColumnType::OldDateTime => Frame::Fixed(8),
        ColumnType::Decimal { precision, scale } => Frame::Fixed(decimal_bytes(precision, scale)),
        ColumnType::Year => Frame::Fixed(1),
        ColumnType::Date | ColumnType::OldTime => Frame::Fixed(3),
        ColumnType::Time { digits } => Frame::Fixed(3 + u16::from(digits.div_ceil(2))),
        ColumnType::Timestamp { digits } => Frame::Fixed(4 + u16::from(digits.div_ceil(2))),
        ColumnType::DateTime { digits } => Frame::Fixed(5 + u16::from(digits.div_ceil(2))),
        ColumnType::Bit { bits } => Frame::Fixed(bits.div_ceil(8)),
        ColumnType::Char { length } | ColumnType::VarChar { length } => {
            Frame::Prefixed(if length > 255 { 2 } else { 1 })
        }
        ColumnType::Blob { length_bytes }
        | ColumnType::Json { length_bytes }
        | ColumnType::Geometry { length_bytes }
        | ColumnType::Vector { length_bytes } => Frame::Prefixed(length_bytes),
        // As the CHAR of their table map.
        ColumnType::Uuid | ColumnType::Inet4 | ColumnType::Inet6 => Frame::Prefixed(1),
        ColumnType::HiresTime { digits } => Frame::Fixed(hires_bytes([3, 4, 4, 5, 5, 5, 6], digits)),
        ColumnType::HiresDateTime { digits } => Frame::Fixed(hires_bytes([5, 6, 6, 7, 7, 7, 8], digits)),
        ColumnType::HiresTimestamp { digits } => Frame::Fixed(4 + u16::from(digits.div_ceil(2))),
        ColumnType::Null => Frame::Fixed(0),
        ColumnType::Unknown { .. } => Frame::Unknown,
    }
}

/// Bytes by digits; source: MariaDB, `sql/sql_type.cc`, `m_hires_bytes`.
fn hires_bytes(by_digits: [u16; 7], digits: u8) -> u16 {
    by_digits.get(usize::from(digits)).copied().unwrap_or_default()
}

/// Nine digits take four bytes; the odd digits at either end take as many as they need.
fn decimal_bytes(precision: u8, scale: u8) -> u16 {
    let side = |digits: u8| u16::from(digits / 9) * 4 + u16::from((digits % 9).div_ceil(2));
    side(precision.saturating_sub(scale)) + side(scale)
}

fn cell(column_type: ColumnType, unsigned: bool, charset: Charset, labels: Option<LabelSet>) -> Cell {
    match column_type {
        ColumnType::Int { .. } if unsigned => Cell::Unsigned,
        ColumnType::Int { .. } => Cell::Signed,
        ColumnType::Float => Cell::Float,
        ColumnType::Double => Cell::Double,
        ColumnType::Decimal { precision, scale } => Cell::Decimal { precision, scale },
        ColumnType::Year => Cell::Year,
        ColumnType::Date => Cell::Date,
        ColumnType::Time { digits } => Cell::Time { digits },
        ColumnType::DateTime { digits } => Cell::DateTime { digits },
        ColumnType::Timestamp { digits } => Cell::Timestamp { digits },
        ColumnType::OldTime => Cell::OldTime,
        ColumnType::OldDateTime => Cell::OldDateTime,
        ColumnType::OldTimestamp => Cell::OldTimestamp,
        ColumnType::Bit { .. } => Cell::Bit,
        ColumnType::Enum { .. } => Cell::Enum(labels),
        ColumnType::Set { .. } => Cell::Set(labels),
        // The zeros at the end of BINARY are not in the image.
        ColumnType::Char { length } if charset.is_binary() => Cell::Binary { pad_to: length },
        ColumnType::VarChar { .. } | ColumnType::Blob { .. } if charset.is_binary() => {
            Cell::Binary { pad_to: 0 }
        }
        ColumnType::Char { .. } | ColumnType::VarChar { .. } | ColumnType::Blob { .. } => Cell::Text(charset),
        ColumnType::Json { .. } => Cell::Json,
        ColumnType::Geometry { .. } => Cell::Geometry,
        ColumnType::Vector { .. } => Cell::Vector,
        ColumnType::Uuid => Cell::Uuid,
        ColumnType::Inet4 => Cell::Inet4,
        ColumnType::Inet6 => Cell::Inet6,
        ColumnType::HiresTime { digits } => Cell::HiresTime { digits },
        ColumnType::HiresDateTime { digits } => Cell::HiresDateTime { digits },
        ColumnType::HiresTimestamp { digits } => Cell::HiresTimestamp { digits },
        ColumnType::Null => Cell::Null,
        ColumnType::Unknown { .. } => Cell::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::{Frame, frame};
    use crate::table_map::ColumnType;

    #[test]
    fn decimals_are_as_long_as_mysql_packs_them() {
        let check = |precision, scale, bytes| {
            assert_eq!(
                frame(ColumnType::Decimal { precision, scale }),
                Frame::Fixed(bytes),
                "({precision},{scale})"
            );
        };
        check(1, 0, 1);
        check(10, 2, 5);
        check(18, 9, 8);
        check(14, 4, 7);
        check(65, 30, 30);
        check(65, 0, 29);
        check(38, 38, 17);
    }

    #[test]
    fn the_length_in_front_has_two_bytes_from_256_on() {
        assert_eq!(frame(ColumnType::VarChar { length: 255 }), Frame::Prefixed(1));
        assert_eq!(frame(ColumnType::VarChar { length: 256 }), Frame::Prefixed(2));
        assert_eq!(frame(ColumnType::Char { length: 1020 }), Frame::Prefixed(2));
    }
}
