//! Comparisons. Null equals null and nothing else, and is in no order; numbers compare as numbers, exactly.

use std::cmp::Ordering;

use super::Machine;
use super::numbers::{Number, compare_numbers};
use crate::cel::failure::{Cause, Failure};
use crate::cel::node::{Kind, Node, Order};
use crate::cel::value::Val;

impl<'a> Machine<'a> {
    pub(super) fn equal(&mut self, node: &Node, one: &Val<'_>, other: &Val<'_>) -> Result<bool, Failure> {
        match (one, other) {
            (Val::Text(one), Val::Text(other)) => {
                if one.len() != other.len() {
                    return Ok(false);
                }
                self.spend(node, one.len() / 256)?;
                Ok(one == other)
            }
            (Val::Null, Val::Null) => Ok(true),
            (Val::Bool(one), Val::Bool(other)) => Ok(one == other),
            (Val::Time(one), Val::Time(other)) => Ok(one == other),
            (Val::Duration(one), Val::Duration(other)) => Ok(one == other),
            (Val::Change(one), Val::Change(other)) => Ok(one == other),
            (Val::Map(one), Val::Map(other)) => {
                self.spend(node, one.len())?;
                Ok(one == other)
            }
            (Val::Labels(one), Val::Labels(other)) => Ok(one == other),
            (Val::Group, Val::Group) => Ok(true),
            _ => match (Number::of(one), Number::of(other)) {
                (Some(one), Some(other)) => Ok(compare_numbers(one, other) == Ordering::Equal),
                _ => self.equal_lists(node, one, other),
            },
        }
    }

    fn equal_lists(&mut self, node: &Node, one: &Val<'_>, other: &Val<'_>) -> Result<bool, Failure> {
        let is_list = |value: &Val<'_>| {
            matches!(value, Val::Values(_) | Val::Words(_) | Val::Changes(_) | Val::List(_))
        };
        if !is_list(one) || !is_list(other) || one.len() != other.len() {
            return Ok(false);
        }
        for index in 0.. {
            let (Some(one), Some(other)) = (one.at(index), other.at(index)) else { break };
            self.spend(node, 1)?;
            if !self.equal(node, &one, &other)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn ordered(
        &mut self,
        node: &'a Node,
        order: Order,
        operands: &'a [Node; 2],
    ) -> Result<bool, Failure> {
        let (one, other) = (self.value(&operands[0])?, self.value(&operands[1])?);
        if one.is_null() || other.is_null() {
            return Ok(false);
        }
        let ordering = match (&one, &other) {
            (Val::Text(one), Val::Text(other)) => {
                self.spend(node, one.len().min(other.len()) / 256)?;
                Some(one.cmp(other))
            }
            (Val::Time(one), Val::Time(other)) => Some(one.cmp(other)),
            (Val::Duration(one), Val::Duration(other)) => Some(one.cmp(other)),
            _ => match (Number::of(&one), Number::of(&other)) {
                (Some(one), Some(other)) => Some(compare_numbers(one, other)),
                _ => None,
            },
        };
        let Some(ordering) = ordering else {
            let cause = Cause::Operands { operator: sign(order), one: one.kind(), other: other.kind() };
            return Err(Failure { place: node.place, cause });
        };
        Ok(match order {
            Order::Less => ordering.is_lt(),
            Order::LessOrEqual => ordering.is_le(),
            Order::Greater => ordering.is_gt(),
            Order::GreaterOrEqual => ordering.is_ge(),
        })
    }

    pub(super) fn is_in(&mut self, node: &'a Node, operands: &'a [Node; 2]) -> Result<bool, Failure> {
        let [element, list] = operands;
        let element = self.value(element)?;
        match &list.kind {
            // A list of a rule file holds scalars as they are printed.
            Kind::Listed(listed) => return Ok(element.printed().is_some_and(|text| listed.contains(&text))),
            // A list that is written out is not made.
            Kind::List(elements) => {
                for other in elements {
                    let other = self.value(other)?;
                    if self.equal(node, &element, &other)? {
                        return Ok(true);
                    }
                }
                return Ok(false);
            }
            _ => {}
        }
        let list = self.value(list)?;
        match &list {
            Val::Null => return Ok(false),
            Val::Map(map) => return Ok(element.printed().is_some_and(|name| map.get(&name).is_some())),
            Val::Labels(labels) => {
                return Ok(element.printed().is_some_and(|name| labels.contains_key(&*name)));
            }
            _ => {}
        }
        if list.len().is_none() {
            return Err(self.operand(node, "in", &list));
        }
        for index in 0.. {
            let Some(other) = list.at(index) else { break };
            self.spend(node, 1)?;
            if self.equal(node, &element, &other)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn sign(order: Order) -> &'static str {
    match order {
        Order::Less => "<",
        Order::LessOrEqual => "<=",
        Order::Greater => ">",
        Order::GreaterOrEqual => ">=",
    }
}
