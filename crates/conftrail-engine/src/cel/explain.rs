//! The value of each part of a condition, for people who ask why a rule fired or did not.

use conftrail_core::{Change, Event};

use crate::cel::complaint::Span;
use crate::cel::eval::Machine;
use crate::cel::failure::Failure;
use crate::cel::node::{Kind, Loop, Node};
use crate::cel::program::{ConditionError, Program};
use crate::cel::value::Val;
use crate::shorten::shorten;

/// Longest value in characters.
const LONGEST_VALUE: usize = 200;
/// Of how many elements of a loop the parts are told.
const MOST_ELEMENTS: usize = 5;
/// How many parts are told in all.
const MOST_PARTS: usize = 200;

/// What a condition made of an event, part by part. Values are those of the event, masked like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Whether the condition is true, or why it could not be evaluated.
    pub holds: Result<bool, ConditionError>,
    /// Its parts, each before what it is made of; values that are written out are left out.
    pub parts: Vec<Part>,
}

/// One part of a condition and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// How deep it lies: 0 is the whole condition.
    pub depth: usize,
    /// The macro in whose text it stands; none for the condition's own.
    pub within: Option<String>,
    /// Where it stands in that text, in bytes.
    pub span: Span,
    /// Its text, cut at 120 characters.
    pub text: String,
    /// Within a loop, the element that is looked at: `c = limit (replace)`.
    pub element: Option<String>,
    /// Its value as a person reads it, cut at 200 characters; or why it has none.
    pub value: Result<String, String>,
}

/// Explains a condition.
pub(crate) fn explain(program: &Program, event: &Event, change: Option<&Change>) -> Explanation {
    let holds = program.holds(event, change);
    let mut walk = Walk { program, machine: Machine::new(event, change), element: None, parts: Vec::new() };
    walk.part(&program.root, 0);
    Explanation { holds, parts: walk.parts }
}

struct Walk<'a> {
    program: &'a Program,
    machine: Machine<'a>,
    element: Option<String>,
    parts: Vec<Part>,
}

impl<'a> Walk<'a> {
    fn part(&mut self, node: &'a Node, depth: usize) {
        if node.is_literal() || self.parts.len() >= MOST_PARTS {
            return;
        }
        self.machine.refill();
        let value = self.machine.value(node);
        let source = self.program.sources.get(node.place.source);
        self.parts.push(Part {
            depth,
            within: source.and_then(|source| source.name.clone()),
            span: node.place.span,
            text: self.program.text_of(node),
            element: self.element.clone(),
            value: self.told(value),
        });
        match &node.kind {
            // Of a member of a loop's element, the element stands beside it.
            Kind::Member(one, _) if matches!(one.kind, Kind::Slot(_)) => {}
            Kind::Loop(one) => self.elements(one, depth),
            _ => {
                for part in node.parts() {
                    self.part(part, depth + 1);
                }
            }
        }
    }

    fn elements(&mut self, one: &'a Loop, depth: usize) {
        self.part(&one.range, depth + 1);
        self.machine.refill();
        let Ok(range) = self.machine.range(one) else { return };
        let outer = self.element.take();
        for index in 0..MOST_ELEMENTS {
            let Some(element) = range.at(index) else { break };
            self.machine.bind(one, element.clone());
            self.element = Some(cut(&format!("{} = {}", one.variable, element.shown())));
            for part in one.keep.iter().chain([&one.body]) {
                self.part(part, depth + 1);
            }
        }
        self.element = outer;
    }

    fn told(&self, value: Result<Val<'_>, Failure>) -> Result<String, String> {
        match value {
            Ok(value) => Ok(cut(&value.shown())),
            Err(failure) => Err(self.program.error(failure).to_string()),
        }
    }
}

fn cut(text: &str) -> String {
    // The sign that something was cut is one more.
    shorten(text, LONGEST_VALUE - 1).into_owned()
}
