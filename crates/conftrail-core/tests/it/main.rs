//! The vocabulary's tests at its boundary.

mod arbitrary;
mod canonical;
mod comparing;
mod documents;
mod golden;
mod masking;
mod yaml_table;

use conftrail_core::mask::{MaskKey, MaskRules, Masker};

/// Makes a masker with the built-in rules and a fixed key, so that masks are the same in every run.
fn masker() -> Masker {
    Masker::new(MaskKey::new([7; 32]), &MaskRules::default()).expect("the built-in rules are valid")
}
