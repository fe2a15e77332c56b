//! Functions over texts. They see scalars as they are printed, and of a list each element, as `match` does; null has no text.

use conftrail_core::query::Pattern;
use regex::Regex;

use super::Machine;
use crate::cel::failure::{Cause, Failure, LONGEST_TEXT};
use crate::cel::node::{Node, TextTest};
use crate::cel::value::Val;

/// How many bytes of text are one part of the budget, for plain searches.
const PLAIN: usize = 64;
/// And for regular expressions.
const REGEX: usize = 8;

impl<'a> Machine<'a> {
    pub(super) fn text_test(
        &mut self,
        node: &'a Node,
        test: TextTest,
        operands: &'a [Node; 2],
    ) -> Result<bool, Failure> {
        let (value, part) = (self.value(&operands[0])?, self.value(&operands[1])?);
        if part.is_null() {
            return Ok(false);
        }
        let Some(part) = part.printed() else { return Err(self.operand(node, name(test), &part)) };
        let part: &str = &part;
        self.any_text(node, &value, PLAIN, &mut |text| match test {
            TextTest::StartsWith => text.starts_with(part),
            TextTest::EndsWith => text.ends_with(part),
            TextTest::Contains => text.contains(part),
        })
    }

    pub(super) fn re(&mut self, node: &'a Node, one: &'a Node, regex: &Regex) -> Result<bool, Failure> {
        let value = self.value(one)?;
        self.any_text(node, &value, REGEX, &mut |text| regex.is_match(text))
    }

    pub(super) fn glob(&mut self, node: &'a Node, one: &'a Node, pattern: &Pattern) -> Result<bool, Failure> {
        let value = self.value(one)?;
        self.any_text(node, &value, PLAIN, &mut |text| pattern.matches(text))
    }

    fn any_text(
        &mut self,
        node: &Node,
        value: &Val<'_>,
        stretch: usize,
        test: &mut dyn FnMut(&str) -> bool,
    ) -> Result<bool, Failure> {
        if let Some(text) = value.printed() {
            self.check_text(node, text.len(), stretch)?;
            return Ok(test(&text));
        }
        if matches!(value, Val::Map(_) | Val::Labels(_)) {
            return Ok(false);
        }
        for index in 0.. {
            let Some(element) = value.at(index) else { break };
            self.spend(node, 1)?;
            if self.any_text(node, &element, stretch, test)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Pays for a look at a text, unless it is too long.
    pub(super) fn check_text(&mut self, node: &Node, length: usize, stretch: usize) -> Result<(), Failure> {
        if length > LONGEST_TEXT {
            return Err(Failure { place: node.place, cause: Cause::LongText });
        }
        self.spend(node, length / stretch)
    }
}

fn name(test: TextTest) -> &'static str {
    match test {
        TextTest::StartsWith => "startsWith",
        TextTest::EndsWith => "endsWith",
        TextTest::Contains => "contains",
    }
}
