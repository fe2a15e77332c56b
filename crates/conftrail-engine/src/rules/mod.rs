//! Rule files, and the set of rules that events are judged by (docs/rules.md).

mod align;
mod code;
mod condition;
mod definitions;
mod exception;
mod file;
mod finding;
mod index;
pub(crate) mod keys;
pub(crate) mod reader;
mod rule;
mod set;
mod trust;
pub(crate) mod yaml;

pub use code::Code;
pub use finding::{Finding, Level, LoadError};
pub use rule::{Annotation, Exception, GroupField, Mode, Rule};
pub use set::{BUILT_IN, RuleSet, RuleSource, is_rule_file};
