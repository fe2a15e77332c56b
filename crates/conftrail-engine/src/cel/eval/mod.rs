//! Evaluates a checked expression over one event, borrowed and without copies.

mod compare;
mod content;
mod loops;
mod numbers;
mod read;
mod texts;

use std::borrow::Cow;
use std::rc::Rc;

use conftrail_core::{Change, Event};

use crate::cel::failure::{Cause, Failure, MOST_ROUNDS};
use crate::cel::lower::{EXPLODED_SLOT, SLOTS};
use crate::cel::node::{Kind, LoopKind, Node};
use crate::cel::value::Val;

/// Most work in one evaluation, in parts that are looked at; a stretch of text counts as a part.
const MOST_WORK: u32 = 1_000_000;

/// One evaluation: the event, the loops' variables, and what may still be spent.
pub(crate) struct Machine<'a> {
    event: &'a Event,
    slots: [Val<'a>; SLOTS],
    rounds: u32,
    work: u32,
}

impl<'a> Machine<'a> {
    /// Prepares an evaluation; `change` is the one that `explode` speaks of.
    pub(crate) fn new(event: &'a Event, change: Option<&'a Change>) -> Self {
        let mut slots = [const { Val::Null }; SLOTS];
        slots[EXPLODED_SLOT] = change.map_or(Val::Null, Val::Change);
        Self { event, slots, rounds: MOST_ROUNDS, work: MOST_WORK }
    }

    /// Makes the whole budget available again, for the next part that is explained.
    pub(crate) fn refill(&mut self) {
        (self.rounds, self.work) = (MOST_ROUNDS, MOST_WORK);
    }

    /// Evaluates a condition; null is false.
    pub(crate) fn truth(&mut self, node: &'a Node) -> Result<bool, Failure> {
        match &node.kind {
            Kind::Not(one) => Ok(!self.truth(one)?),
            Kind::And(one, other) => self.both(one, other, false),
            Kind::Or(one, other) => self.both(one, other, true),
            Kind::Equal { operands, negated } => {
                let [one, other] = &**operands;
                let (one, other) = (self.value(one)?, self.value(other)?);
                Ok(self.equal(node, &one, &other)? != *negated)
            }
            Kind::Order(order, operands) => self.ordered(node, *order, operands),
            Kind::In(operands) => self.is_in(node, operands),
            Kind::Has(one) => Ok(!self.value(one)?.is_null()),
            Kind::TextTest(test, operands) => self.text_test(node, *test, operands),
            Kind::Re(one, regex) => self.re(node, one, regex),
            Kind::Glob(one, pattern) => self.glob(node, one, pattern),
            Kind::IsNumber(one) => {
                Ok(matches!(read::number(&self.value(one)?), Val::Int(_) | Val::Uint(_) | Val::Double(_)))
            }
            Kind::InWindow(one, interval) => match self.value(one)? {
                Val::Time(time) => Ok(interval.contains(time)),
                _ => Ok(false),
            },
            Kind::Loop(one) if matches!(one.kind, LoopKind::Exists | LoopKind::All | LoopKind::ExistsOne) => {
                self.quantified(node, one)
            }
            _ => match self.value(node)? {
                Val::Bool(truth) => Ok(truth),
                Val::Null => Ok(false),
                other => Err(self.operand(node, "condition", &other)),
            },
        }
    }

    /// Evaluates a part.
    pub(crate) fn value(&mut self, node: &'a Node) -> Result<Val<'a>, Failure> {
        self.spend(node, 1)?;
        Ok(match &node.kind {
            Kind::Null => Val::Null,
            Kind::Bool(truth) => Val::Bool(*truth),
            Kind::Int(number) => Val::Int(*number),
            Kind::Uint(number) => Val::Uint(*number),
            Kind::Double(number) => Val::Double(*number),
            Kind::Text(text) => Val::Text(Cow::Borrowed(text)),
            Kind::Field(field) => (field.get)(self.event),
            Kind::Content(side) => content::whole(self.event, *side),
            Kind::Path(side, path) => content::at(self.event, *side, path),
            Kind::Get(one, path) => self.get(node, one, path)?,
            Kind::Slot(slot) => self.slots.get(*slot).cloned().unwrap_or(Val::Null),
            Kind::Member(one, name) => match (&one.kind, name.as_str()) {
                // A loop's variable is looked into where it is.
                (Kind::Slot(slot), name) => {
                    self.slots.get(*slot).map_or(Val::Null, |value| value.member(name))
                }
                (_, name) => self.value(one)?.member(name),
            },
            Kind::Index(one, index) => self.index(one, index)?,
            Kind::Listed(listed) => Val::Words(&listed.words),
            Kind::List(elements) => {
                let mut values = Vec::with_capacity(elements.len());
                for element in elements {
                    values.push(self.value(element)?);
                }
                Val::List(Rc::from(values))
            }
            Kind::Choice(three) => {
                let [condition, one, other] = &**three;
                let chosen = if self.truth(condition)? { one } else { other };
                self.value(chosen)?
            }
            Kind::Negate(one) => self.negate(node, one)?,
            Kind::Arithmetic(arithmetic, operands) => self.arithmetic(node, *arithmetic, operands)?,
            Kind::Loop(one) if matches!(one.kind, LoopKind::Filter | LoopKind::Map) => {
                self.gathered(node, one)?
            }
            Kind::Size(one) => self.size(node, one)?,
            Kind::Read(reading, one) => self.read(*reading, one)?,
            Kind::PctChange(operands) => self.pct_change(node, operands)?,
            Kind::Not(_)
            | Kind::And(..)
            | Kind::Or(..)
            | Kind::Equal { .. }
            | Kind::Order(..)
            | Kind::In(_)
            | Kind::Has(_)
            | Kind::Loop(_)
            | Kind::TextTest(..)
            | Kind::Re(..)
            | Kind::Glob(..)
            | Kind::IsNumber(_)
            | Kind::InWindow(..) => Val::Bool(self.truth(node)?),
        })
    }

    /// `&&` (decided by false) or `||` (decided by true): what one side decides, a failure of the other does not undo.
    fn both(&mut self, one: &'a Node, other: &'a Node, decides: bool) -> Result<bool, Failure> {
        match self.truth(one) {
            Ok(truth) if truth == decides => Ok(decides),
            Ok(_) => self.truth(other),
            Err(failure) if failure.is_final() => Err(failure),
            Err(failure) => match self.truth(other) {
                Ok(truth) if truth == decides => Ok(decides),
                Err(second) if second.is_final() => Err(second),
                _ => Err(failure),
            },
        }
    }

    fn index(&mut self, one: &'a Node, index: &'a Node) -> Result<Val<'a>, Failure> {
        let one = self.value(one)?;
        Ok(match self.value(index)? {
            Val::Int(number) if !matches!(one, Val::Map(_) | Val::Labels(_)) => {
                usize::try_from(number).ok().and_then(|number| one.at(number)).unwrap_or(Val::Null)
            }
            Val::Text(name) => one.member(&name),
            _ => Val::Null,
        })
    }

    fn size(&mut self, node: &'a Node, one: &'a Node) -> Result<Val<'a>, Failure> {
        let value = self.value(one)?;
        let size = match &value {
            Val::Null => return Ok(Val::Null),
            Val::Text(text) => {
                self.spend(node, text.len() / 64)?;
                Some(text.chars().count())
            }
            other => other.len(),
        };
        match size {
            Some(size) => Ok(Val::unsigned(size as u64)),
            None => Err(self.operand(node, "size", &value)),
        }
    }

    fn spend(&mut self, node: &Node, work: usize) -> Result<(), Failure> {
        match u32::try_from(work).ok().and_then(|work| self.work.checked_sub(work)) {
            Some(left) => {
                self.work = left;
                Ok(())
            }
            None => {
                self.work = 0;
                Err(Failure { place: node.place, cause: Cause::Work })
            }
        }
    }

    fn operand(&self, node: &Node, operator: &'static str, found: &Val<'_>) -> Failure {
        Failure { place: node.place, cause: Cause::Operand { operator, found: found.kind() } }
    }
}
