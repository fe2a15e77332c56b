//! Event ids: the same change has the same id from any instance, after any restart.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::Timestamp;

/// Crockford's base32 alphabet, as ULID uses it.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Identifies an event: 26 characters, 48 bits of time in ms and 80 bits of a hash. Never sort by it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId([u8; 26]);

/// Says why a text is no event id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an event id has 26 characters of 0-9 and A-Z without I, L, O, U, and starts with 0 to 7")]
pub struct InvalidId;

impl EventId {
    /// Derives the id of change number `ordinal` at `position` of the logical source `source`.
    ///
    /// `ordinal` counts before filters, so that a changed filter moves no id. The parts are length-prefixed
    /// before hashing, so that no two different triples share a byte string.
    pub fn derive(time: Timestamp, source: &str, position: &str, ordinal: u64) -> Self {
        let mut hasher = Sha256::new();
        for part in [source.as_bytes(), position.as_bytes(), &ordinal.to_be_bytes()] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let hash = hasher.finalize();
        let mut bits = [0_u8; 16];
        bits[..6].copy_from_slice(&time.millis().to_be_bytes()[2..]);
        bits[6..].copy_from_slice(&hash[..10]);
        Self::encode(u128::from_be_bytes(bits))
    }

    fn encode(bits: u128) -> Self {
        let mut text = [0_u8; 26];
        for (index, character) in text.iter_mut().enumerate() {
            let shift = 125 - 5 * index;
            *character = ALPHABET[(bits >> shift) as usize & 31];
        }
        Self(text)
    }

    /// Parses the 26 characters; lower case is accepted.
    ///
    /// # Errors
    /// [`InvalidId`] when it is anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let mut parsed: [u8; 26] = text.as_bytes().try_into().map_err(|_| InvalidId)?;
        parsed.make_ascii_uppercase();
        let known = parsed.iter().all(|character| {
            matches!(character, b'0'..=b'9' | b'A'..=b'Z') && !matches!(character, b'I' | b'L' | b'O' | b'U')
        });
        if known && parsed[0] <= b'7' { Ok(Self(parsed)) } else { Err(InvalidId) }
    }

    /// The id of what has none yet.
    pub(crate) const UNSET: Self = Self([b'0'; 26]);

    /// Returns the 26 characters, of ASCII.
    pub(crate) fn as_bytes(&self) -> &[u8; 26] {
        &self.0
    }

    /// Returns the 26 characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("built only from the ASCII alphabet")
    }
}

impl std::fmt::Display for EventId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl std::fmt::Debug for EventId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Timestamp = Timestamp::from_micros(1_795_168_800_123_456);

    #[test]
    fn the_same_change_has_the_same_id_and_a_known_one() {
        let id = EventId::derive(TIME, "orders-db", "c9f06a51-0000-0000-0000-000000000000:60233", 0);
        assert_eq!(id, EventId::derive(TIME, "orders-db", "c9f06a51-0000-0000-0000-000000000000:60233", 0));
        assert_eq!(&id.as_str()[..10], "01M7W6C3BV");
        assert_eq!(EventId::parse(&id.as_str().to_lowercase()), Ok(id));
    }

    #[test]
    fn source_position_and_ordinal_each_make_another_id() {
        let id = |source, position, ordinal| EventId::derive(TIME, source, position, ordinal);
        let all = [id("a", "bc", 0), id("ab", "c", 0), id("a", "bc", 1), id("a", "b", 0)];
        for (index, one) in all.iter().enumerate() {
            assert!(!all[index + 1..].contains(one));
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in
            ["", "01M7W6C3BVM8V4T0R9C5X7B1N", "81M7W6C3BVM8V4T0R9C5X7B1ND", "01M7W6C3BVM8V4T0R9C5X7B1NU"]
        {
            assert_eq!(EventId::parse(text), Err(InvalidId));
        }
    }
}
