//! What is known about the keys of documents: the documents of a column have the same few keys in every row.

use smol_str::SmolStr;

use super::Masker;
use super::siblings;

/// Places for keys; a new one takes the place of another.
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

/// The keys seen last; never one that holds a secret.
#[derive(Default)]
pub(super) struct KeyMemo {
    slots: Vec<Option<(SmolStr, KeyFacts)>>,
}

/// Keys never print: they are a customer's, in clear.
impl std::fmt::Debug for KeyMemo {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known = self.slots.iter().flatten().count();
        write!(formatter, "KeyMemo({known} keys)")
    }
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
            _ => {
                let facts = KeyFacts::of(masker, key);
                if !facts.holds_secret {
                    *slot = Some((key.clone(), facts));
                }
                facts
            }
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

#[cfg(test)]
mod tests {
    use super::super::{MaskKey, MaskRules};
    use super::*;

    #[test]
    fn a_key_in_clear_neither_prints_nor_stays_when_it_is_a_secret() {
        let masker = Masker::new(MaskKey::new([1; 32]), &MaskRules::default()).unwrap();
        let mut memo = KeyMemo::default();
        assert!(memo.facts(&masker, &"password".into()).is_secret);
        assert!(memo.facts(&masker, &"AKIAIOSFODNN7EXAMPLE".into()).holds_secret);
        assert_eq!(format!("{memo:?}"), "KeyMemo(1 keys)");
    }
}
