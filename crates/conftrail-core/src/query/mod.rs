//! The query language: one parser and one tree for search, rules, filters and exports (docs/query.md).
//!
//! Every engine compiles this tree; [`matches()`] is what they must agree with.

mod cursor;
mod date;
mod display;
mod equality;
mod error;
mod facts;
mod field;
mod matcher;
mod number;
mod parser;
mod pattern;
mod tree;

#[cfg(test)]
mod tests;

pub use date::{Date, Unit};
pub use equality::Equality;
pub use error::QueryError;
pub use facts::{each_text, value_at};
pub use field::Field;
pub use matcher::{EventView, matches};
pub use number::Number;
pub use parser::{DEEPEST_NESTING, LONGEST_QUERY, MOST_LEAVES};
pub use pattern::Pattern;
pub use tree::{Comparison, Leaf, Operand, Query, Words};
