//! Masking: secrets leave as keyed hashes, so that "changed" and "same" stay visible and the values do not.
//!
//! [`Masker::text`] runs for every text column and looks once for words that could matter; only texts with such
//! a word are examined closer. [`crate::document`] masks whole documents by place, with the same rules.

mod credentials;
mod detect;
mod extent;
mod key;
mod lines;
mod masker;
mod memo;
mod names;
mod pairs;
mod random;
mod row;
mod rules;
pub(crate) mod siblings;
mod sql;
mod sql_readings;
mod sql_rows;
mod sql_tokens;
mod token;
mod trigger;
mod walk;
mod xml;

pub use key::{Fingerprinter, InvalidMaskKey, MaskKey};
pub use masker::Masker;
pub(crate) use memo::{KeyFacts, KeyMemo};
pub use row::RowPlan;
pub use rules::{MaskRules, RuleProblem};
pub use sql_rows::masks_of_row;
pub(crate) use token::PREFIX;
pub use token::{holds_mask, is_mask};
