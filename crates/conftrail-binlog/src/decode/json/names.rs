//! What is remembered from row to row: names of documents' members, and moments.

use conftrail_core::SmolStr;

use crate::decode::moments::Moments;

/// How many names are remembered; a power of two.
const SLOTS: usize = 64;
/// Longer names are not remembered, so that what is remembered stays small.
const LONGEST: usize = 64;

/// Remembers the names that documents had lately: the documents of a column mostly have the same ones, which then need
/// neither be checked nor copied again. The moments of columns stand beside them.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// A name has one place, where the last one that belongs there stands. Without places until there is a name.
    slots: Vec<SmolStr>,
    pub(in crate::decode) moments: Moments,
}

impl Names {
    /// Returns the name that stands in a document as these bytes; `None` when they are no text.
    pub(super) fn name(&mut self, bytes: &[u8]) -> Option<SmolStr> {
        if bytes.len() > LONGEST {
            return std::str::from_utf8(bytes).ok().map(SmolStr::new);
        }
        if self.slots.is_empty() {
            self.slots = vec![SmolStr::default(); SLOTS];
        }
        let slot = self.slots.get_mut(slot(bytes))?;
        if slot.as_bytes() != bytes {
            *slot = SmolStr::new(std::str::from_utf8(bytes).ok()?);
        }
        Some(slot.clone())
    }
}

/// Tells most names apart at little cost: by length, first and last byte.
fn slot(bytes: &[u8]) -> usize {
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return 0 };
    (bytes.len() + 3 * usize::from(*first) + 5 * usize::from(*last)) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Names, SLOTS};

    #[test]
    fn a_name_is_what_its_bytes_say_however_many_share_its_place() {
        let mut names = Names::default();
        let long = "x".repeat(LONGEST + 1);
        let mut all: Vec<String> = (0..3 * SLOTS).map(|number| format!("a{number}b")).collect();
        all.extend([String::new(), "é".to_owned(), long]);
        for name in all.iter().chain(&all) {
            assert_eq!(names.name(name.as_bytes()).as_deref(), Some(name.as_str()));
        }
        assert_eq!(names.name(&[0xff]), None);
        assert_eq!(names.name(b"").as_deref(), Some(""));
    }
}
