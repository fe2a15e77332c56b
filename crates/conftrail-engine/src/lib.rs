//! Rules, alert lifecycle and templates: pure, no I/O, time is passed in.
//!
//! An event goes through [`RuleSet::detect`]; what it finds goes through [`Folder::fold`], which decides what is
//! announced; [`message::Message`] words an announcement for people.

pub mod cases;
pub mod cel;
pub mod channels;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod intervals;
pub mod matchers;
pub mod message;
pub mod notices;
pub mod routing;
pub mod rules;
pub mod schema;
pub mod templates;
pub mod words;

mod announce;
mod detect;
mod evidence;
mod explain;
mod fold;
mod lint;
mod rule_error;
mod shorten;
mod timing;
mod yaml_error;
mod yaml_place;

pub use explain::{ConditionPart, ExplainedException, Explanation, Part};
pub use fold::{Folder, Target};
pub use intervals::{TimeInterval, TimeIntervals};
pub use lint::lint;
pub use routing::{Routes, Routing};
pub use rules::RuleSet;
pub use shorten::{differing, shorten};
pub use timing::Timing;
pub use words::Language;
pub use yaml_error::describe_yaml_error;
pub use yaml_place::{YamlPlaces, excerpt};
