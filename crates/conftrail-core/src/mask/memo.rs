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
pub(crate) struct KeyFacts {
    /// Whether its value is secret.
    pub(crate) is_secret: bool,
    /// Whether a secret stands in the key itself.
    pub(crate) holds_secret: bool,
    /// Whether its value names what others hold.
    pub(crate) holds_name: bool,
    /// Whether its value is what another names.
    pub(crate) holds_value: bool,
    /// Whether its value can say that the map is a Kubernetes Secret.
    pub(crate) holds_kind: bool,
}

/// The keys seen last; never one that holds a secret.
#[derive(Default)]
pub(crate) struct KeyMemo {
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
    pub(crate) fn facts(&mut self, masker: &Masker, key: &SmolStr) -> KeyFacts {
        let bytes = key.as_bytes();
        // Length and ends are enough to spread a few keys.
        let end = |byte: Option<&u8>| byte.map_or(0, |byte| usize::from(*byte));
        let hash = bytes.len() * 37 + end(bytes.first()) * 5 + end(bytes.last()) * 11;
        match self.slots.get(hash % SLOTS) {
            Some(Some((known, facts))) if known == key => *facts,
            _ => self.learn(masker, key, hash % SLOTS),
        }
    }

    #[cold]
    fn learn(&mut self, masker: &Masker, key: &SmolStr, place: usize) -> KeyFacts {
        let facts = KeyFacts::of(masker, key);
        if key.len() <= LONGEST && !facts.holds_secret {
            self.slots.resize(SLOTS, None);
            if let Some(slot) = self.slots.get_mut(place) {
                *slot = Some((key.clone(), facts));
            }
        }
        facts
    }
}

impl KeyFacts {
    fn of(masker: &Masker, key: &str) -> Self {
        Self {
            is_secret: masker.is_secret_name(key),
            holds_secret: masker.open_text(key).is_some(),
            holds_name: siblings::holds_name(key),
            holds_value: siblings::holds_value(key),
            holds_kind: siblings::holds_kind(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MaskKey, MaskRules};
    use super::*;
    use crate::Value;

    #[test]
    fn a_key_in_clear_neither_prints_nor_stays_when_it_is_a_secret() {
        let masker = Masker::new(MaskKey::new([1; 32]), &MaskRules::default()).unwrap();
        let mut memo = KeyMemo::default();
        assert!(memo.facts(&masker, &"password".into()).is_secret);
        assert!(memo.facts(&masker, &"AKIAIOSFODNN7EXAMPLE".into()).holds_secret);
        assert_eq!(format!("{memo:?}"), "KeyMemo(1 keys)");
    }

    #[test]
    fn keys_that_share_a_place_and_keys_too_long_for_one_are_judged_each_for_itself() {
        let masker = Masker::new(MaskKey::new([1; 32]), &MaskRules::default()).unwrap();
        let mut memo = KeyMemo::default();
        let long = format!("{}password", "x".repeat(LONGEST));
        for _ in 0..2 {
            assert!(memo.facts(&masker, &"password".into()).is_secret);
            assert!(!memo.facts(&masker, &"pastured".into()).is_secret);
            assert!(memo.facts(&masker, &long.as_str().into()).is_secret);
        }
        assert_eq!(format!("{memo:?}"), "KeyMemo(1 keys)");
    }

    #[test]
    fn maskers_of_other_rules_remember_for_themselves() {
        let rules = MaskRules { names: vec!["*pin*".into()], ..MaskRules::default() };
        let [one, other] =
            [MaskRules::default(), rules].map(|r| Masker::new(MaskKey::new([1; 32]), &r).unwrap());
        let document = || serde_json::from_str::<Value>(r#"{"pin": "a", "token": "b"}"#).unwrap();
        for _ in 0..2 {
            for (masker, expected) in [(&one, "token"), (&other, "pin")] {
                let mut masked = Vec::new();
                masker.value(&mut document(), "", &mut masked);
                assert_eq!(masked, [expected]);
            }
        }
    }
}
