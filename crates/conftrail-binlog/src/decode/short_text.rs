//! Numbers and times as text, put together without an allocation.

use std::ops::Deref;

use conftrail_core::Value;

/// The longest text: DECIMAL(65,38) with its sign, a zero and the point takes 68 bytes.
const MOST_BYTES: usize = 96;

/// A short text of ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShortText {
    bytes: [u8; MOST_BYTES],
    length: usize,
}

impl ShortText {
    pub(super) fn new() -> Self {
        Self { bytes: [0; MOST_BYTES], length: 0 }
    }

    /// Appends one ASCII character.
    #[inline]
    pub(super) fn push(&mut self, character: u8) {
        self.push_all([character]);
    }

    /// Appends ASCII characters: as an array, whose length the compiler knows, they are stored without a call.
    #[inline]
    pub(super) fn push_all<const COUNT: usize>(&mut self, characters: [u8; COUNT]) {
        debug_assert!(characters.is_ascii(), "{characters:?} is not ASCII");
        let place = self.bytes[self.length..].first_chunk_mut().expect("no number or time is as long");
        *place = characters;
        self.length += COUNT;
    }

    /// Writes the last `count` digits, at most nine, zeros in front included.
    pub(super) fn push_digits(&mut self, number: u32, count: usize) {
        let end = self.length + count.min(9);
        let mut rest = number;
        for place in self.bytes[self.length..end].iter_mut().rev() {
            // `% 10` fits a byte.
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        self.length = end;
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }
}

impl Deref for ShortText {
    type Target = str;

    fn deref(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).expect("only ASCII characters are pushed")
    }
}

impl From<ShortText> for Value {
    fn from(text: ShortText) -> Self {
        Self::from(&*text)
    }
}
