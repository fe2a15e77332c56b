//! A column's character set, ready to decode.

use std::borrow::Cow;

use super::collation::charset_name;
use super::multi_byte::MultiByte;
use super::single_byte::SingleByte;
use super::wide;

/// Decodes the bytes of one character set.
#[derive(Clone, Copy)]
pub struct Charset(Kind);

#[derive(Clone, Copy)]
enum Kind {
    Utf8,
    Binary,
    SingleByte(&'static SingleByte),
    /// Swedish 7-bit: not even ASCII bytes are ASCII.
    SevenBit(&'static SingleByte),
    MultiByte(&'static MultiByte),
    Utf16,
    Utf16Le,
    Utf32,
    Unknown,
}

impl Charset {
    /// A set nobody told: text where the bytes are UTF-8, binary content where they are not.
    pub const UNKNOWN: Self = Self(Kind::Unknown);

    /// No character set: bytes.
    pub const BINARY: Self = Self(Kind::Binary);

    /// UTF-8 of three or four bytes.
    pub const UTF8: Self = Self(Kind::Utf8);

    /// Returns the set of a collation id, as it stands in a table map.
    pub fn of_collation(collation: u64) -> Self {
        charset_name(collation).map_or(Self::UNKNOWN, Self::by_name)
    }

    /// Returns the set of MySQL's name, as `information_schema` tells it.
    pub fn by_name(name: &str) -> Self {
        let kind = match name {
            "utf8mb4" | "utf8mb3" | "utf8" | "ascii" => Kind::Utf8,
            "binary" => Kind::Binary,
            "ucs2" | "utf16" => Kind::Utf16,
            "utf16le" => Kind::Utf16Le,
            "utf32" => Kind::Utf32,
            "swe7" => SingleByte::by_name(name).map_or(Kind::Unknown, Kind::SevenBit),
            _ => SingleByte::by_name(name)
                .map(Kind::SingleByte)
                .or_else(|| MultiByte::by_name(name).map(Kind::MultiByte))
                .unwrap_or(Kind::Unknown),
        };
        Self(kind)
    }

    /// Says whether the column holds bytes rather than text.
    pub fn is_binary(self) -> bool {
        matches!(self.0, Kind::Binary)
    }

    /// Says whether an ASCII byte is always that ASCII character and never part of a letter.
    pub(crate) fn has_ascii_only_as_ascii(self) -> bool {
        matches!(self.0, Kind::Utf8 | Kind::Binary | Kind::SingleByte(_))
    }

    /// Turns bytes into text; `None` when they are no text of this set.
    #[inline]
    pub fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        let decoded = match self.0 {
            Kind::Utf8 | Kind::Unknown => return std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Kind::SingleByte(_) | Kind::MultiByte(_) if bytes.is_ascii() => {
                return std::str::from_utf8(bytes).ok().map(Cow::Borrowed);
            }
            Kind::Binary => None,
            Kind::SingleByte(table) | Kind::SevenBit(table) => table.decode(bytes),
            Kind::MultiByte(set) => set.decode(bytes),
            Kind::Utf16 => wide::utf16(bytes, u16::from_be_bytes),
            Kind::Utf16Le => wide::utf16(bytes, u16::from_le_bytes),
            Kind::Utf32 => wide::utf32(bytes),
        };
        decoded.map(Cow::Owned)
    }
}

impl std::fmt::Debug for Charset {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self.0 {
            Kind::Utf8 => "utf8",
            Kind::Binary => "binary",
            Kind::SingleByte(_) | Kind::SevenBit(_) => "single-byte",
            Kind::MultiByte(_) => "multi-byte",
            Kind::Utf16 => "utf16",
            Kind::Utf16Le => "utf16le",
            Kind::Utf32 => "utf32",
            Kind::Unknown => "unknown",
        };
        write!(formatter, "Charset({name})")
    }
}

#[cfg(test)]
mod tests {
    use super::Charset;

    fn check(collation: u64, bytes: &[u8], expected: Option<&str>) {
        assert_eq!(
            Charset::of_collation(collation).decode(bytes).as_deref(),
            expected,
            "collation {collation}"
        );
    }

    #[test]
    fn text_of_each_family_becomes_utf8() {
        check(45, "é中😀".as_bytes(), Some("é中😀"));
        check(255, "é".as_bytes(), Some("é"));
        check(8, &[0xe9, 0x80], Some("é€"));
        check(28, &[0xd6, 0xd0, 0xce, 0xc4], Some("中文"));
        check(248, &[0x81, 0x30, 0x81, 0x30], Some("\u{80}"));
        check(1, &[0xa4, 0xa4], Some("中"));
        check(12, &[0xc6, 0xfc], Some("日"));
        check(13, &[0x93, 0xfa], Some("日"));
        check(19, &[0xc7, 0xd1], Some("한"));
        check(35, &[0x4e, 0x2d], Some("中"));
        check(60, &[0, 0, 0x4e, 0x2d], Some("中"));
        check(56, &[0x2d, 0x4e], Some("中"));
        check(2304 + 5, "é".as_bytes(), Some("é"));
        check(1024 + 8, &[0xe9], Some("é"));
    }

    #[test]
    fn what_is_no_text_of_the_set_is_none() {
        check(45, &[0xff], None);
        check(28, &[0x81], None);
        check(63, b"abc", None);
    }

    #[test]
    fn an_unknown_set_is_text_only_where_it_is_utf8() {
        check(9_999, b"abc", Some("abc"));
        check(9_999, &[0xe9], None);
    }
}
