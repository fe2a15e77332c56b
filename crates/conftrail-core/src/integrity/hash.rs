//! Hashes of the tree: SHA-256 with the prefixes of RFC 6962, section 2.1.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Keeps a leaf from being taken for a node.
const LEAF: [u8; 1] = [0];
const NODE: [u8; 1] = [1];

/// The hash of a leaf, a node or a whole tree.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TreeHash([u8; 32]);

impl TreeHash {
    /// Returns the hash of a tree without leaves.
    pub fn empty() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// Returns the hash of a leaf that holds `entry`.
    pub fn leaf(entry: &[u8]) -> Self {
        Self(Sha256::new().chain_update(LEAF).chain_update(entry).finalize().into())
    }

    /// Returns the hash of the node above two others.
    pub fn node(left: &Self, right: &Self) -> Self {
        let mut bytes = [0; 65];
        bytes[0] = NODE[0];
        bytes[1..33].copy_from_slice(&left.0);
        bytes[33..].copy_from_slice(&right.0);
        Self(Sha256::digest(bytes).into())
    }

    /// Takes 32 bytes as a hash; none when there are more or fewer.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Returns the 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the form of [`std::fmt::Display`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_bytes(&STANDARD.decode(text).ok()?)
    }
}

/// Prints the hash in base64, as checkpoints and proofs do.
impl std::fmt::Display for TreeHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&STANDARD.encode(self.0))
    }
}

impl std::fmt::Debug for TreeHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{self}")
    }
}
