//! A condition, checked and ready to run.

use conftrail_core::query::Query;
use conftrail_core::{Change, Event};

use crate::cel::complaint::{Complaint, Span};
use crate::cel::eval::Machine;
use crate::cel::explain::{Explanation, explain};
use crate::cel::failure::{Cause, Failure};
use crate::cel::filter::filter;
use crate::cel::lower::{Lowered, Source, Use, lower};
use crate::cel::names::Names;
use crate::cel::node::{Kind, Node};
use crate::cel::parse::parse;
use crate::shorten::shorten;

/// Longest part of an expression that an error repeats, in characters.
const LONGEST_PART: usize = 120;

/// A condition of a rule or of an exception: names are looked up, types fit, patterns are compiled.
#[derive(Debug)]
pub struct Program {
    pub(crate) root: Node,
    pub(crate) sources: Vec<Source>,
    /// What the rule file's lists hold that it looks at.
    lists: Vec<String>,
}

/// A condition that could not be evaluated: the part that failed, and why. It holds no words of the event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{part}`: {cause}")]
pub struct ConditionError {
    /// The part of the expression, cut at 120 characters.
    pub part: String,
    /// The macro in whose text the part stands.
    pub within: Option<String>,
    /// Where the part stands in that text, in bytes.
    pub span: Span,
    /// Why it failed.
    pub cause: Cause,
}

impl Program {
    /// Parses and checks a condition; `exploded` says whether it sees the change `c` of `explode: changes`.
    ///
    /// # Errors
    /// Everything that is wrong with it; of what cannot be parsed, the first thing.
    pub(crate) fn compile(text: &str, names: &Names<'_>, exploded: bool) -> Result<Self, Vec<Complaint>> {
        let tree = parse(text).map_err(|complaint| vec![complaint])?;
        let Lowered { root, sources, lists } = lower(&tree, text.into(), names, Use::Condition { exploded })?;
        let lists = lists
            .iter()
            .filter_map(|name| Some(format!("{name} {:?}", names.lists.get(name)?.words)))
            .collect();
        Ok(Self { root, sources, lists })
    }

    /// Returns the expression as it stands in the rule file.
    pub fn text(&self) -> &str {
        self.sources.first().map_or("", |source| &source.text)
    }

    /// Says whether the condition is true of an event; `change` is the one of `explode: changes`.
    ///
    /// # Errors
    /// What could not be evaluated, such as a text compared with a number, or the budget that was used up.
    pub fn holds(&self, event: &Event, change: Option<&Change>) -> Result<bool, ConditionError> {
        Machine::new(event, change).truth(&self.root).map_err(|failure| self.error(failure))
    }

    /// Tells the value of each part of the condition for an event.
    pub fn explain(&self, event: &Event, change: Option<&Change>) -> Explanation {
        explain(self, event, change)
    }

    /// Returns a query that every event meets for which the condition is true or fails.
    pub(crate) fn filter(&self) -> Query {
        filter(&self.root)
    }

    /// Returns everything that decides what the condition means.
    pub(crate) fn identity(&self) -> Vec<String> {
        let texts = self.sources.iter().map(|source| source.text.to_string());
        let mut identity: Vec<String> = texts.chain(self.lists.iter().cloned()).collect();
        intervals(&self.root, &mut identity);
        identity
    }

    pub(crate) fn text_of(&self, node: &Node) -> String {
        let source = self.sources.get(node.place.source);
        let text = source.map_or("", |source| node.place.span.of(&source.text));
        let words: Vec<&str> = text.split_whitespace().collect();
        shorten(&words.join(" "), LONGEST_PART).into_owned()
    }

    pub(crate) fn error(&self, failure: Failure) -> ConditionError {
        let source = self.sources.get(failure.place.source);
        let part = source.map_or("", |source| failure.place.span.of(&source.text));
        let words: Vec<&str> = part.split_whitespace().collect();
        ConditionError {
            part: shorten(&words.join(" "), LONGEST_PART).into_owned(),
            within: source.and_then(|source| source.name.clone()),
            span: failure.place.span,
            cause: failure.cause,
        }
    }
}

/// The intervals that a condition asks about; they stand in another file.
fn intervals(node: &Node, found: &mut Vec<String>) {
    if let Kind::InWindow(_, interval) = &node.kind {
        found.push(format!("{interval:?}"));
    }
    for part in node.parts() {
        intervals(part, found);
    }
}
