//! What is known about the keys of documents: the documents of a column have the same few keys in every row.

use smol_str::SmolStr;

use super::Masker;
use super::siblings;

/// Places for keys; a new one takes the place of another. A power of two.
const SLOTS: usize = 256;
/// Longer keys are looked at each time.
const LONGEST: usize = 64;

/// What follows from a key alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyFacts {
    /// Whether its value is secret.
    pub(super) is_secret: bool,
    /// Whether a secret stands in the key itself.
    pub(super) holds_secret: bool,
    /// Whether its value names what others hold.
    pub(super) holds_name: bool,
    /// Whether its value is what another names.
    pub(super) holds_value: bool,
}

/// The keys seen last.
#[derive(Debug, Default)]
pub(super) struct KeyMemo {
    slots: Vec<Option<(SmolStr, KeyFacts)>>,
}

impl KeyMemo {
    /// Returns what follows from a key.
    pub(super) fn facts(&mut self, masker: &Masker, key: &SmolStr) -> KeyFacts {
        if key.len() > LONGEST {
            return KeyFacts::of(masker, key);
        }
        if self.slots.is_empty() {
            self.slots.resize(SLOTS, None);
        }
        // Length and ends are enough to spread a few keys.
        let end = |byte: Option<&u8>| byte.map_or(0, |byte| usize::from(*byte));
        let hash = key.len() * 37 + end(key.as_bytes().first()) * 5 + end(key.as_bytes().last()) * 11;
        let Some(slot) = self.slots.get_mut(hash % SLOTS) else { return KeyFacts::of(masker, key) };
        match slot {
            Some((known, facts)) if known == key => *facts,
            _ => slot.insert((key.clone(), KeyFacts::of(masker, key))).1,
        }
    }
}

impl KeyFacts {
    fn of(masker: &Masker, key: &str) -> Self {
        Self {
            is_secret: masker.is_secret_name(key),
            holds_secret: masker.open_text(key).is_some(),
            holds_name: siblings::holds_name(key),
            holds_value: siblings::holds_value(key),
        }
    }
}
