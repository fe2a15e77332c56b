//! Proof that a record was not altered: a Merkle tree over events, and signed statements of how far it has come.
//!
//! Pure arithmetic after RFC 6962 (tree), C2SP signed-note and tlog-checkpoint (statements) and tlog-proof (proofs
//! in a file). docs/integrity.md says what this proves and what it does not.

mod bundle;
mod checkpoint;
mod hash;
mod key;
mod leaf;
mod note;
mod proof;
mod report;
mod tree;

pub use bundle::{Bundle, InvalidBundle};
pub use checkpoint::{Checkpoint, InvalidCheckpoint};
pub use hash::TreeHash;
pub use key::{InvalidKey, SigningKey, VerifyingKey};
pub use leaf::{LEAF_ENTRY, canonical_digest, leaf_entry, leaf_hash};
pub use note::{InvalidNote, Note, sign_note};
pub use proof::{consistency_proof, inclusion_proof, verify_consistency, verify_inclusion};
pub use report::{Finding, FindingKind, Gap, KeyChange, KeyUse, Newest, Report, SourceSpan};
pub use tree::{CompactRange, InvalidRange};
