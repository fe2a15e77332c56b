//! Reads numbers and slices from the front of untrusted bytes; a read past the end is `None`, never a panic.

/// Walks over borrowed bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Starts at the front of `bytes`.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns what has not been read.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Says whether everything has been read.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes the next `count` bytes.
    #[inline]
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// Takes the next `N` bytes as an array.
    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// Takes one byte.
    #[inline]
    pub(crate) fn u8(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// Takes two bytes, low byte first.
    #[inline]
    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// Takes four bytes, low byte first.
    #[inline]
    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// Takes eight bytes, low byte first.
    #[inline]
    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// Takes `count` bytes (at most 8) as a number, low byte first.
    #[inline]
    pub(crate) fn uint(&mut self, count: usize) -> Option<u64> {
        self.take(count).and_then(uint_le)
    }

    /// Takes MySQL's length-encoded integer; its NULL mark (0xfb) and error mark (0xff) are no integers.
    pub(crate) fn length_encoded(&mut self) -> Option<u64> {
        match self.u8()? {
            short @ 0..=0xfa => Some(u64::from(short)),
            0xfc => self.uint(2),
            0xfd => self.uint(3),
            0xfe => self.uint(8),
            _ => None,
        }
    }

    /// Takes a string behind a length-encoded length.
    pub(crate) fn length_encoded_bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.length_encoded()?).ok()?;
        self.take(length)
    }
}

/// Reads up to 8 bytes as a number, low byte first.
#[inline]
pub(crate) fn uint_le(bytes: &[u8]) -> Option<u64> {
    // The common widths need no loop.
    match *bytes {
        [a] => Some(u64::from(a)),
        [a, b] => Some(u64::from(u16::from_le_bytes([a, b]))),
        [a, b, c, d] => Some(u64::from(u32::from_le_bytes([a, b, c, d]))),
        [a, b, c, d, e, f, g, h] => Some(u64::from_le_bytes([a, b, c, d, e, f, g, h])),
        _ if bytes.len() > 8 => None,
        _ => Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))),
    }
}

/// Reads up to 8 bytes as a number, high byte first.
#[inline]
pub(crate) fn uint_be(bytes: &[u8]) -> Option<u64> {
    match *bytes {
        [a] => Some(u64::from(a)),
        [a, b] => Some(u64::from(u16::from_be_bytes([a, b]))),
        [a, b, c] => Some(u64::from(u32::from_be_bytes([0, a, b, c]))),
        [a, b, c, d] => Some(u64::from(u32::from_be_bytes([a, b, c, d]))),
        _ if bytes.len() > 8 => None,
        _ => Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, uint_be, uint_le};

    #[test]
    fn length_encoded_integers_have_four_widths_and_two_marks_that_are_none() {
        let check = |bytes: &[u8], expected| assert_eq!(Cursor::new(bytes).length_encoded(), expected);
        check(&[0xfa], Some(0xfa));
        check(&[0xfc, 1, 2], Some(0x0201));
        check(&[0xfd, 1, 2, 3], Some(0x03_0201));
        check(&[0xfe, 1, 0, 0, 0, 0, 0, 0, 0x80], Some(0x8000_0000_0000_0001));
        check(&[0xfb], None);
        check(&[0xff], None);
        check(&[0xfc, 1], None);
        check(&[], None);
    }

    #[test]
    fn a_read_past_the_end_leaves_the_rest_where_it_was() {
        let mut cursor = Cursor::new(&[1, 2, 3]);
        assert_eq!(cursor.u32(), None);
        assert_eq!(cursor.take(4), None);
        assert_eq!(cursor.u16(), Some(0x0201));
        assert_eq!(cursor.rest(), &[3]);
    }

    #[test]
    fn numbers_of_more_than_eight_bytes_are_refused() {
        assert_eq!(uint_le(&[1, 0, 0]), Some(1));
        assert_eq!(uint_be(&[1, 0, 0]), Some(0x01_0000));
        assert_eq!(uint_le(&[0; 9]), None);
        assert_eq!(uint_be(&[0; 9]), None);
    }
}
