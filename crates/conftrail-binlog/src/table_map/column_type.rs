//! How a column is stored in a row image: the type code of the table map joined with its metadata bytes.
//!
//! Source of the codes and of the metadata's layout: MySQL, `include/field_types.h` and the page
//! "Table_map_event" of its source documentation.

use crate::cursor::Cursor;

/// Type codes as they stand in a table map.
pub(crate) mod code {
    pub(crate) const TINY: u8 = 1;
    pub(crate) const SHORT: u8 = 2;
    pub(crate) const LONG: u8 = 3;
    pub(crate) const FLOAT: u8 = 4;
    pub(crate) const DOUBLE: u8 = 5;
    pub(crate) const NULL: u8 = 6;
    pub(crate) const TIMESTAMP: u8 = 7;
    pub(crate) const LONGLONG: u8 = 8;
    pub(crate) const INT24: u8 = 9;
    pub(crate) const DATE: u8 = 10;
    pub(crate) const TIME: u8 = 11;
    pub(crate) const DATETIME: u8 = 12;
    pub(crate) const YEAR: u8 = 13;
    pub(crate) const NEWDATE: u8 = 14;
    pub(crate) const VARCHAR: u8 = 15;
    pub(crate) const BIT: u8 = 16;
    pub(crate) const TIMESTAMP2: u8 = 17;
    pub(crate) const DATETIME2: u8 = 18;
    pub(crate) const TIME2: u8 = 19;
    /// MariaDB's BLOB COMPRESSED.
    pub(crate) const BLOB_COMPRESSED: u8 = 140;
    /// MariaDB's VARCHAR COMPRESSED.
    pub(crate) const VARCHAR_COMPRESSED: u8 = 141;
    pub(crate) const VECTOR: u8 = 242;
    pub(crate) const JSON: u8 = 245;
    pub(crate) const NEWDECIMAL: u8 = 246;
    pub(crate) const ENUM: u8 = 247;
    pub(crate) const SET: u8 = 248;
    pub(crate) const TINY_BLOB: u8 = 249;
    pub(crate) const MEDIUM_BLOB: u8 = 250;
    pub(crate) const LONG_BLOB: u8 = 251;
    pub(crate) const BLOB: u8 = 252;
    pub(crate) const VAR_STRING: u8 = 253;
    pub(crate) const STRING: u8 = 254;
    pub(crate) const GEOMETRY: u8 = 255;

    /// Says whether it is known how many metadata bytes a type has, even where its values cannot be read.
    pub(crate) fn has_known_metadata(type_code: u8) -> bool {
        matches!(type_code, TINY..=TIME2 | BLOB_COMPRESSED | VARCHAR_COMPRESSED | VECTOR | JSON..=GEOMETRY)
    }
}

/// Says how a column's cells are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// An integer of 1, 2, 3, 4 or 8 bytes.
    Int {
        /// The number of bytes.
        bytes: u8,
    },
    /// FLOAT.
    Float,
    /// DOUBLE.
    Double,
    /// DECIMAL.
    Decimal {
        /// All digits.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// YEAR.
    Year,
    /// DATE.
    Date,
    /// TIME with fractional digits.
    Time {
        /// 0 to 6 fractional digits.
        digits: u8,
    },
    /// DATETIME with fractional digits.
    DateTime {
        /// 0 to 6 fractional digits.
        digits: u8,
    },
    /// TIMESTAMP with fractional digits.
    Timestamp {
        /// 0 to 6 fractional digits.
        digits: u8,
    },
    /// TIME as stored before MySQL 5.6.
    OldTime,
    /// DATETIME as stored before MySQL 5.6.
    OldDateTime,
    /// TIMESTAMP as stored before MySQL 5.6.
    OldTimestamp,
    /// BIT.
    Bit {
        /// The number of bits, 1 to 64.
        bits: u16,
    },
    /// ENUM.
    Enum {
        /// Bytes of the index: 1 or 2.
        bytes: u8,
    },
    /// SET.
    Set {
        /// Bytes of the bit field: 1 to 8.
        bytes: u8,
    },
    /// CHAR or BINARY.
    Char {
        /// The longest content in bytes; BINARY is padded to it.
        length: u16,
    },
    /// VARCHAR or VARBINARY.
    VarChar {
        /// The longest content in bytes.
        length: u16,
    },
    /// TEXT or BLOB of any size.
    Blob {
        /// Bytes of the length in front of the content: 1 to 4.
        length_bytes: u8,
    },
    /// JSON.
    Json {
        /// Bytes of the length in front of the content: 1 to 4.
        length_bytes: u8,
    },
    /// GEOMETRY and its kinds.
    Geometry {
        /// Bytes of the length in front of the content: 1 to 4.
        length_bytes: u8,
    },
    /// VECTOR.
    Vector {
        /// Bytes of the length in front of the content: 1 to 4.
        length_bytes: u8,
    },
    /// MariaDB's UUID; its table map says CHAR.
    Uuid,
    /// MariaDB's INET4; its table map says CHAR.
    Inet4,
    /// MariaDB's INET6; its table map says CHAR.
    Inet6,
    /// TIME with fractional digits as MariaDB stored it before 10.1; its table map does not tell the digits.
    HiresTime {
        /// 1 to 6 fractional digits.
        digits: u8,
    },
    /// DATETIME with fractional digits as MariaDB stored it before 10.1.
    HiresDateTime {
        /// 1 to 6 fractional digits.
        digits: u8,
    },
    /// TIMESTAMP with fractional digits as MariaDB stored it before 10.1.
    HiresTimestamp {
        /// 1 to 6 fractional digits.
        digits: u8,
    },
    /// A column of which nothing is stored.
    Null,
    /// A type this version cannot frame.
    Unknown {
        /// The code in the table map.
        code: u8,
    },
}

impl ColumnType {
    /// Reads a column's metadata, whose length depends on the type code.
    ///
    /// `None` when the metadata ends early. A code that is not known takes no metadata.
    pub(crate) fn read(type_code: u8, metadata: &mut Cursor<'_>) -> Option<Self> {
        let column_type = match type_code {
            code::TINY => Self::Int { bytes: 1 },
            code::SHORT => Self::Int { bytes: 2 },
            code::INT24 => Self::Int { bytes: 3 },
            code::LONG => Self::Int { bytes: 4 },
            code::LONGLONG => Self::Int { bytes: 8 },
            code::FLOAT => metadata.u8().map(|_size| Self::Float)?,
            code::DOUBLE => metadata.u8().map(|_size| Self::Double)?,
            code::NULL => Self::Null,
            code::TIMESTAMP => Self::OldTimestamp,
            code::DATE | code::NEWDATE => Self::Date,
            code::TIME => Self::OldTime,
            code::DATETIME => Self::OldDateTime,
            code::YEAR => Self::Year,
            code::VARCHAR | code::VAR_STRING => Self::VarChar { length: metadata.u16()? },
            code::BIT => {
                let [bits, bytes] = metadata.array()?;
                Self::bit(u16::from(bytes) * 8 + u16::from(bits))
            }
            code::TIMESTAMP2 => fraction(type_code, metadata.u8()?, |digits| Self::Timestamp { digits }),
            code::DATETIME2 => fraction(type_code, metadata.u8()?, |digits| Self::DateTime { digits }),
            code::TIME2 => fraction(type_code, metadata.u8()?, |digits| Self::Time { digits }),
            code::NEWDECIMAL => {
                let [precision, scale] = metadata.array()?;
                Self::decimal(precision, scale)
            }
            code::ENUM | code::SET => {
                let [real, bytes] = metadata.array()?;
                Self::labels(real, bytes)
            }
            code::STRING => {
                let [low, high] = metadata.array()?;
                Self::string(low, high)
            }
            code::TINY_BLOB | code::MEDIUM_BLOB | code::LONG_BLOB | code::BLOB => {
                prefixed(type_code, metadata.u8()?, |length_bytes| Self::Blob { length_bytes })
            }
            code::JSON => prefixed(type_code, metadata.u8()?, |length_bytes| Self::Json { length_bytes }),
            code::GEOMETRY => {
                prefixed(type_code, metadata.u8()?, |length_bytes| Self::Geometry { length_bytes })
            }
            code::VECTOR => prefixed(type_code, metadata.u8()?, |length_bytes| Self::Vector { length_bytes }),
            code::BLOB_COMPRESSED => metadata.u8().map(|_length_bytes| Self::Unknown { code: type_code })?,
            code::VARCHAR_COMPRESSED => metadata.u16().map(|_length| Self::Unknown { code: type_code })?,
            _ => Self::Unknown { code: type_code },
        };
        Some(column_type)
    }

    /// CHAR, ENUM and SET share one code; the metadata's first byte is the real type, and two bits of it are borrowed
    /// (inverted) for lengths above 255.
    fn string(first: u8, second: u8) -> Self {
        let borrowed = (first & 0x30) ^ 0x30;
        let real = first | 0x30;
        match real {
            code::STRING => Self::Char { length: u16::from(borrowed) << 4 | u16::from(second) },
            _ => Self::labels(real, second),
        }
    }

    fn labels(real: u8, bytes: u8) -> Self {
        match (real, bytes) {
            (code::ENUM, 1..=2) => Self::Enum { bytes },
            (code::SET, 1..=8) => Self::Set { bytes },
            _ => Self::Unknown { code: real },
        }
    }

    fn bit(bits: u16) -> Self {
        if (1..=64).contains(&bits) { Self::Bit { bits } } else { Self::Unknown { code: code::BIT } }
    }

    /// MySQL allows 65 digits with 30 after the point, MariaDB 38 after it.
    fn decimal(precision: u8, scale: u8) -> Self {
        let sane = (1..=65).contains(&precision) && scale <= precision.min(38);
        if sane { Self::Decimal { precision, scale } } else { Self::Unknown { code: code::NEWDECIMAL } }
    }

    /// Says whether the signedness bitmap has a bit for this column. YEAR has one.
    pub(crate) fn is_numeric(self) -> bool {
        matches!(self, Self::Int { .. } | Self::Float | Self::Double | Self::Decimal { .. } | Self::Year)
    }

    /// Says whether the metadata tells this column's collation among those of character columns. VECTOR is one of them
    /// (seen on MySQL 9.7.4), JSON and GEOMETRY are not.
    pub(crate) fn is_character(self) -> bool {
        matches!(self, Self::Char { .. } | Self::VarChar { .. } | Self::Blob { .. } | Self::Vector { .. })
    }

    /// Says whether the metadata tells this column's collation among those of ENUM and SET columns.
    pub(crate) fn is_labelled(self) -> bool {
        matches!(self, Self::Enum { .. } | Self::Set { .. })
    }
}

fn fraction(type_code: u8, digits: u8, make: fn(u8) -> ColumnType) -> ColumnType {
    if digits <= 6 { make(digits) } else { ColumnType::Unknown { code: type_code } }
}

fn prefixed(type_code: u8, length_bytes: u8, make: fn(u8) -> ColumnType) -> ColumnType {
    if (1..=4).contains(&length_bytes) { make(length_bytes) } else { ColumnType::Unknown { code: type_code } }
}

#[cfg(test)]
mod tests {
    use super::{ColumnType, code};
    use crate::cursor::Cursor;

    fn check(type_code: u8, metadata: &[u8], expected: ColumnType) {
        let mut cursor = Cursor::new(metadata);
        assert_eq!(ColumnType::read(type_code, &mut cursor), Some(expected), "type {type_code}");
        assert!(cursor.is_empty(), "type {type_code} left metadata unread");
    }

    #[test]
    fn char_lengths_above_255_borrow_two_bits_of_the_real_type() {
        check(code::STRING, &[0xfe, 40], ColumnType::Char { length: 40 });
        check(code::STRING, &[0xee, 0xfc], ColumnType::Char { length: 508 });
        check(code::STRING, &[0xce, 0xfc], ColumnType::Char { length: 1020 });
    }

    #[test]
    fn enum_and_set_hide_behind_the_string_code() {
        check(code::STRING, &[0xf7, 1], ColumnType::Enum { bytes: 1 });
        check(code::STRING, &[0xf8, 8], ColumnType::Set { bytes: 8 });
        check(code::STRING, &[0xf8, 9], ColumnType::Unknown { code: code::SET });
    }

    #[test]
    fn impossible_metadata_makes_an_unknown_type_instead_of_a_wrong_value() {
        check(code::NEWDECIMAL, &[66, 0], ColumnType::Unknown { code: code::NEWDECIMAL });
        check(code::NEWDECIMAL, &[10, 11], ColumnType::Unknown { code: code::NEWDECIMAL });
        check(code::BLOB, &[5], ColumnType::Unknown { code: code::BLOB });
        check(code::DATETIME2, &[7], ColumnType::Unknown { code: code::DATETIME2 });
        check(code::BIT, &[0, 0], ColumnType::Unknown { code: code::BIT });
        check(code::BIT, &[0, 8], ColumnType::Bit { bits: 64 });
        check(99, &[], ColumnType::Unknown { code: 99 });
    }
}
