//! The tree's leaf for an event: its id and the digest of its canonical bytes.
//!
//! A leaf holds a digest and not the event, so that the event can be erased and its proof still stands, and so
//! that entries stay below the 64 KiB of C2SP tlog-tiles.

use sha2::{Digest, Sha256};

use super::TreeHash;
use crate::EventId;

/// What the entry of an event begins with: its kind and the version of its form.
const KIND: &[u8; 19] = b"conftrail/event/v1\n";
const HEX: &[u8; 16] = b"0123456789abcdef";
/// Characters of an id.
const ID: usize = 26;
/// Bytes of an entry: the kind, an id, 64 digits of a digest, and a newline after each of the last two.
pub const LEAF_ENTRY: usize = KIND.len() + ID + 1 + 64 + 1;

/// Returns the SHA-256 of canonical bytes, which are handed over in one or more parts.
pub fn canonical_digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// Returns the entry of an event: three lines, which are its kind, its id, and the digest of its canonical bytes
/// in hex.
pub fn leaf_entry(id: EventId, digest: &[u8; 32]) -> [u8; LEAF_ENTRY] {
    let mut entry = [b'\n'; LEAF_ENTRY];
    entry[..KIND.len()].copy_from_slice(KIND);
    let (text, hex) = entry[KIND.len()..].split_at_mut(ID + 1);
    text[..ID].copy_from_slice(id.as_str().as_bytes());
    for (pair, byte) in hex.as_chunks_mut::<2>().0.iter_mut().zip(digest) {
        *pair = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
    }
    entry
}

/// Returns the hash of an event's leaf.
pub fn leaf_hash(id: EventId, digest: &[u8; 32]) -> TreeHash {
    TreeHash::leaf(&leaf_entry(id, digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_three_lines_that_a_shell_can_make() {
        let id = EventId::parse("01M7W6C3BVM8V4T0R9C5X7B1ND").unwrap();
        let digest = canonical_digest(&[b"{\"a\":", b"1}"]);
        assert_eq!(digest, canonical_digest(&[b"{\"a\":1}"]));
        let entry = String::from_utf8(leaf_entry(id, &digest).to_vec()).unwrap();
        assert_eq!(
            entry,
            "conftrail/event/v1\n01M7W6C3BVM8V4T0R9C5X7B1ND\n\
             015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862\n"
        );
        assert_eq!(entry.len(), LEAF_ENTRY);
    }
}
