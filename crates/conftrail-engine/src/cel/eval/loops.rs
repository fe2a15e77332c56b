//! Loops: every round is paid for.

use std::rc::Rc;

use super::Machine;
use crate::cel::failure::{Cause, Failure};
use crate::cel::node::{Loop, LoopKind, Node};
use crate::cel::value::Val;

impl<'a> Machine<'a> {
    /// `exists`, `all` and `exists_one`. As with `||` and `&&`, what one element decides, a failure at another does not undo.
    pub(super) fn quantified(&mut self, node: &'a Node, one: &'a Loop) -> Result<bool, Failure> {
        let range = self.range(one)?;
        let decides = one.kind != LoopKind::All;
        let mut failed = None;
        let mut found = 0;
        for index in 0.. {
            let Some(element) = range.at(index) else { break };
            self.round(node)?;
            self.bind(one, element);
            match self.truth(&one.body) {
                Ok(truth) if truth == decides => {
                    if one.kind != LoopKind::ExistsOne {
                        return Ok(decides);
                    }
                    found += 1;
                }
                Ok(_) => {}
                Err(failure) if failure.is_final() => return Err(failure),
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        match failed {
            Some(failure) => Err(failure),
            None if one.kind == LoopKind::ExistsOne => Ok(found == 1),
            None => Ok(!decides),
        }
    }

    /// `filter` and `map`.
    pub(super) fn gathered(&mut self, node: &'a Node, one: &'a Loop) -> Result<Val<'a>, Failure> {
        let range = self.range(one)?;
        let mut gathered = Vec::new();
        for index in 0.. {
            let Some(element) = range.at(index) else { break };
            self.round(node)?;
            self.bind(one, element.clone());
            let wanted = match (&one.keep, one.kind) {
                (Some(keep), _) => keep,
                (None, LoopKind::Filter) => &one.body,
                (None, _) => {
                    gathered.push(self.value(&one.body)?);
                    continue;
                }
            };
            if !self.truth(wanted)? {
                continue;
            }
            gathered.push(if one.kind == LoopKind::Map { self.value(&one.body)? } else { element });
        }
        Ok(Val::List(Rc::from(gathered)))
    }

    /// Returns what a loop goes over; there is nothing in null.
    pub(crate) fn range(&mut self, one: &'a Loop) -> Result<Val<'a>, Failure> {
        let range = self.value(&one.range)?;
        if range.is_null() || range.len().is_some() {
            return Ok(range);
        }
        Err(self.operand(&one.range, "loop", &range))
    }

    /// Gives a loop's variable its value.
    pub(crate) fn bind(&mut self, one: &Loop, element: Val<'a>) {
        if let Some(slot) = self.slots.get_mut(one.slot) {
            *slot = element;
        }
    }

    fn round(&mut self, node: &Node) -> Result<(), Failure> {
        match self.rounds.checked_sub(1) {
            Some(left) => {
                self.rounds = left;
                Ok(())
            }
            None => Err(Failure { place: node.place, cause: Cause::Rounds }),
        }
    }
}
