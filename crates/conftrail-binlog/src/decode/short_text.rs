//! Numbers and times as text, put together without an allocation.

use std::ops::Deref;

use conftrail_core::Value;

/// The longest text: DECIMAL(65,38) with its sign, a zero and the point takes 68 bytes.
const MOST_BYTES: usize = 96;
/// Bytes that the standard library checks at once for being ASCII; a part of [`MOST_BYTES`].
const WORDS: usize = 2 * size_of::<usize>();

/// The digits of 0 to 99.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        // Each is below ten.
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

/// A short text of ASCII characters.
#[derive(Clone, Debug)]
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

    #[inline]
    fn deref(&self) -> &str {
        // What lies behind the text is ASCII too, and whole words are checked faster than single bytes.
        let whole = &self.bytes[..self.length.next_multiple_of(WORDS)];
        let text = std::str::from_utf8(whole).expect("only ASCII characters are pushed");
        &text[..self.length]
    }
}

/// What lies behind the text does not count.
impl PartialEq for ShortText {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl From<ShortText> for Value {
    #[inline]
    fn from(text: ShortText) -> Self {
        super::cell::text_value(&text)
    }
}

/// The last two digits of a number.
#[inline]
pub(super) fn pair(number: u32) -> [u8; 2] {
    PAIRS[(number % 100) as usize]
}
