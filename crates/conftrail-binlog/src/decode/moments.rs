//! Dates and times as text, remembered from row to row.

use conftrail_core::{SmolStr, Value};

use super::short_text::ShortText;

/// How many moments are remembered; a power of two.
const SLOTS: usize = 16;
/// No moment takes more bytes of a binlog.
const MOST_BYTES: usize = 8;

/// What a column's bytes mean: the same bytes are another text for another type or another number of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// A number of its own for each type.
    pub(super) kind: u8,
    /// The digits behind the second.
    pub(super) digits: u8,
}

/// Remembers the moments that columns held lately: what is written in one transaction or by one import mostly bears one time,
/// which then is neither printed nor copied again, but shared.
#[derive(Clone, Debug, Default)]
pub(super) struct Moments {
    /// A moment has one place, where the last one that belongs there stands. Without places until there is a moment.
    slots: Vec<Option<Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    bytes: u64,
    length: usize,
    reading: Reading,
    text: SmolStr,
}

impl Moments {
    /// Returns the text of a moment, made by `print` when it is not known; `None` when its bytes are none.
    #[inline]
    pub(super) fn text(
        &mut self,
        reading: Reading,
        bytes: &[u8],
        print: impl FnOnce() -> Option<ShortText>,
    ) -> Option<Value> {
        if bytes.len() > MOST_BYTES {
            return print().map(Value::from);
        }
        // The highest bytes of a moment stand first, so that what differs most stands highest here.
        let word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        // By Fibonacci's multiplier the upper bits depend on all others.
        let place = (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60) as usize % SLOTS;
        match self.slots.get(place) {
            Some(Some(Known { bytes: known, length, reading: as_what, text }))
                if *known == word && *length == bytes.len() && *as_what == reading =>
            {
                Some(Value::Text(text.clone()))
            }
            _ => self.learn(
                Known { bytes: word, length: bytes.len(), reading, text: SmolStr::default() },
                place,
                print,
            ),
        }
    }

    #[inline(never)]
    fn learn(
        &mut self,
        unknown: Known,
        place: usize,
        print: impl FnOnce() -> Option<ShortText>,
    ) -> Option<Value> {
        let text = SmolStr::new(&*print()?);
        self.slots.resize(SLOTS, None);
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = Some(Known { text: text.clone(), ..unknown });
        }
        Some(Value::Text(text))
    }
}

#[cfg(test)]
mod tests {
    use super::{Moments, Reading, ShortText};

    fn print(text: &str) -> Option<ShortText> {
        let mut printed = ShortText::new();
        text.bytes().for_each(|byte| printed.push(byte));
        Some(printed)
    }

    #[test]
    fn a_moment_is_what_its_bytes_say_to_its_type_however_many_share_its_place() {
        let mut moments = Moments::default();
        for _ in 0..2 {
            for number in 0..200_u8 {
                for (kind, digits) in [(0, 0), (0, 6), (1, 0)] {
                    for bytes in [&[number][..], &[number, 0], &[0, number], &[number; 8], &[number; 9]] {
                        let text = format!("{kind} {digits} {bytes:?}");
                        let found = moments.text(Reading { kind, digits }, bytes, || print(&text));
                        assert_eq!(found.and_then(|value| value.as_text().map(str::to_owned)), Some(text));
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_moment_is_not_remembered() {
        let mut moments = Moments::default();
        let reading = Reading { kind: 0, digits: 0 };
        assert!(moments.text(reading, &[1], || None).is_none());
        assert!(moments.text(reading, &[1], || print("now")).is_some());
        assert!(moments.text(reading, &[1], || None).is_some(), "it is known by now");
    }
}
