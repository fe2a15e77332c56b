//! A proof in a file (C2SP tlog-proof): one event, its path, and the checkpoint it leads to. Checked with nothing
//! but a public key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{
    Checkpoint, InvalidCheckpoint, TreeHash, VerifyingKey, canonical_digest, leaf_hash, verify_inclusion,
};
use crate::EventId;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
const EXTRA: &str = "extra ";
const INDEX: &str = "index ";

/// That an event is in the record: the event, its place, the path to the root, and the signed root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The event's canonical bytes.
    pub event: Vec<u8>,
    /// The leaf's number.
    pub index: u64,
    /// The path from the leaf's sibling up.
    pub path: Vec<TreeHash>,
    /// A signed checkpoint.
    pub checkpoint: String,
}

/// Says why a proof proves nothing.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidBundle {
    /// Not a proof of ours.
    #[error("not a tlog-proof that holds an event")]
    Form,
    /// Its checkpoint cannot be trusted.
    #[error(transparent)]
    Checkpoint(#[from] InvalidCheckpoint),
    /// The event does not lead to the root.
    #[error("the event is not the one that was recorded there")]
    Mismatch,
}

impl Bundle {
    /// Reads the form of [`std::fmt::Display`].
    ///
    /// # Errors
    /// [`InvalidBundle::Form`] when it is anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidBundle> {
        Self::read(text).ok_or(InvalidBundle::Form)
    }

    fn read(text: &str) -> Option<Self> {
        let (proof, checkpoint) = text.split_once("\n\n")?;
        let mut lines = proof.split('\n');
        lines.next().filter(|first| *first == FIRST_LINE)?;
        let event = STANDARD.decode(lines.next()?.strip_prefix(EXTRA)?).ok()?;
        let index = lines.next()?.strip_prefix(INDEX)?.parse().ok()?;
        let path = lines.map(TreeHash::parse).collect::<Option<Vec<_>>>()?;
        Some(Self { event, index, path, checkpoint: checkpoint.to_owned() })
    }

    /// Checks event, path and signature against each other and returns the checkpoint and who signed it.
    ///
    /// # Errors
    /// Which of them does not hold.
    pub fn verify<'k>(
        &self,
        keys: &'k [VerifyingKey],
    ) -> Result<(EventId, Checkpoint, &'k VerifyingKey), InvalidBundle> {
        #[derive(serde::Deserialize)]
        struct Named {
            id: EventId,
        }
        let Named { id } = serde_json::from_slice(&self.event).map_err(|_| InvalidBundle::Form)?;
        let (checkpoint, key) = Checkpoint::open(&self.checkpoint, keys)?;
        let leaf = leaf_hash(id, &canonical_digest(&[&self.event]));
        if verify_inclusion(self.index, checkpoint.size, leaf, &self.path, &checkpoint.root) {
            Ok((id, checkpoint, key))
        } else {
            Err(InvalidBundle::Mismatch)
        }
    }
}

impl std::fmt::Display for Bundle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(formatter, "{FIRST_LINE}\n{EXTRA}{}\n{INDEX}{}", STANDARD.encode(&self.event), self.index)?;
        for hash in &self.path {
            writeln!(formatter, "{hash}")?;
        }
        write!(formatter, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrity::{CompactRange, SigningKey};

    #[test]
    fn a_proof_holds_for_its_event_only_and_with_its_key_only() {
        let key = SigningKey::from_seed("conftrail/trail/test", [1; 32]).unwrap();
        let keys = [key.verifying_key().clone()];
        let event = br#"{"action":"update","id":"01M7W6C3BVM8V4T0R9C5X7B1ND","v":1}"#.to_vec();
        let id = EventId::parse("01M7W6C3BVM8V4T0R9C5X7B1ND").unwrap();
        let other = TreeHash::leaf(b"other");
        let mut tree = CompactRange::default();
        tree.push(other, |_, _, _| {});
        tree.push(leaf_hash(id, &canonical_digest(&[&event])), |_, _, _| {});
        let origin = "conftrail/trail/test".to_owned();
        let checkpoint = Checkpoint { origin, size: 2, root: tree.root(), time: None };
        let bundle = Bundle { event, index: 1, path: vec![other], checkpoint: checkpoint.sign(&key) };
        let read = Bundle::parse(&bundle.to_string()).unwrap();
        assert_eq!(read, bundle);
        assert_eq!(read.verify(&keys), Ok((id, checkpoint, &keys[0])));

        let changed = Bundle { event: bundle.event.replace_first(b"update", b"create"), ..bundle.clone() };
        assert_eq!(changed.verify(&keys), Err(InvalidBundle::Mismatch));
        let elsewhere = Bundle { index: 0, ..bundle.clone() };
        assert_eq!(elsewhere.verify(&keys), Err(InvalidBundle::Mismatch));
        let stranger = SigningKey::from_seed("conftrail/trail/test", [2; 32]).unwrap();
        let stranger = [stranger.verifying_key().clone()];
        assert!(matches!(bundle.verify(&stranger), Err(InvalidBundle::Checkpoint(_))));
        assert_eq!(Bundle::parse("c2sp.org/tlog-proof@v1\nindex 1\n\nx\n"), Err(InvalidBundle::Form));
    }

    trait ReplaceFirst {
        fn replace_first(&self, from: &[u8], to: &[u8]) -> Vec<u8>;
    }

    impl ReplaceFirst for Vec<u8> {
        fn replace_first(&self, from: &[u8], to: &[u8]) -> Vec<u8> {
            let at = self.windows(from.len()).position(|window| window == from).unwrap();
            [&self[..at], to, &self[at + from.len()..]].concat()
        }
    }
}
