//! Conditions of rules (`when`): the Common Expression Language, with what docs/rules.md lists and nothing else.
//!
//! The grammar and its parser are the `cel` crate's. A text goes through `scan` (limits), `parse` (a tree), `lower` (names,
//! types, patterns) and becomes a [`Program`], which `eval` runs over an event that it borrows, within a budget.
//!
//! Language: <https://github.com/google/cel-spec/blob/master/doc/langdef.md>; docs/adr/0011 says where ours differs.

mod complaint;
mod eval;
mod explain;
mod failure;
mod filter;
mod lower;
mod macros;
mod names;
mod node;
mod parse;
mod program;
mod scan;
mod schema;
mod tree;
mod trust;
mod types;
mod value;

#[cfg(test)]
mod tests;

pub use complaint::Span;
pub use explain::{Explanation, Part};
pub use failure::Cause;
pub use program::{ConditionError, Program};

pub(crate) use complaint::Complaint;
pub(crate) use macros::check_macros;
pub(crate) use names::{Macro, Names};
pub(crate) use node::Listed;
pub(crate) use parse::parse;
pub(crate) use schema::top_names;
pub(crate) use trust::{asks_authority, passes_names};
