//! Arithmetic and the order of numbers: integers are exact to 64 bits, and meet fractions without being rounded.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;

use super::{Machine, read};
use crate::cel::failure::{Cause, Failure};
use crate::cel::node::{Arithmetic, Node};
use crate::cel::value::Val;

/// A number: an integer of 64 bits, with or without a sign, or a finite float.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Whole(i128),
    Double(f64),
}

impl Number {
    pub(super) fn of(value: &Val<'_>) -> Option<Self> {
        match value {
            Val::Int(number) => Some(Self::Whole((*number).into())),
            Val::Uint(number) => Some(Self::Whole((*number).into())),
            Val::Double(number) => Some(Self::Double(*number)),
            _ => None,
        }
    }

    fn as_double(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Double(number) => number,
        }
    }

    fn value(self) -> Option<Val<'static>> {
        match self {
            Self::Whole(number) => match (i64::try_from(number), u64::try_from(number)) {
                (Ok(number), _) => Some(Val::Int(number)),
                (_, Ok(number)) => Some(Val::Uint(number)),
                _ => None,
            },
            Self::Double(number) => number.is_finite().then_some(Val::Double(number)),
        }
    }
}

/// Compares two numbers exactly: no integer is rounded to a float for it.
pub(super) fn compare_numbers(one: Number, other: Number) -> Ordering {
    match (one, other) {
        (Number::Whole(one), Number::Whole(other)) => one.cmp(&other),
        (Number::Double(one), Number::Double(other)) => one.partial_cmp(&other).unwrap_or(Ordering::Equal),
        (Number::Whole(one), Number::Double(other)) => whole_and_double(one, other),
        (Number::Double(one), Number::Whole(other)) => whole_and_double(other, one).reverse(),
    }
}

fn whole_and_double(whole: i128, double: f64) -> Ordering {
    /// Beyond any 64-bit integer, and exact in both types.
    const FAR: f64 = 36_893_488_147_419_103_232.0;
    if double >= FAR {
        return Ordering::Less;
    }
    if double <= -FAR {
        return Ordering::Greater;
    }
    let truncated = double.trunc();
    let fraction = double - truncated;
    whole.cmp(&(truncated as i128)).then_with(|| 0.0_f64.partial_cmp(&fraction).unwrap_or(Ordering::Equal))
}

impl<'a> Machine<'a> {
    pub(super) fn negate(&mut self, node: &'a Node, one: &'a Node) -> Result<Val<'a>, Failure> {
        let value = self.value(one)?;
        if value.is_null() {
            return Ok(Val::Null);
        }
        let negated = match Number::of(&value) {
            Some(Number::Whole(number)) => Number::Whole(-number),
            Some(Number::Double(number)) => Number::Double(-number),
            None => return Err(self.operand(node, "-", &value)),
        };
        negated.value().ok_or(Failure { place: node.place, cause: Cause::TooLarge })
    }

    /// What is missing stays missing: null plus one is null.
    pub(super) fn arithmetic(
        &mut self,
        node: &'a Node,
        arithmetic: Arithmetic,
        operands: &'a [Node; 2],
    ) -> Result<Val<'a>, Failure> {
        let (one, other) = (self.value(&operands[0])?, self.value(&operands[1])?);
        if one.is_null() || other.is_null() {
            return Ok(Val::Null);
        }
        let (Some(first), Some(second)) = (Number::of(&one), Number::of(&other)) else {
            return self.joined(node, arithmetic, &one, &other);
        };
        let failed = |cause| Failure { place: node.place, cause };
        calculated(arithmetic, first, second)
            .map_err(failed)
            .and_then(|number| number.value().ok_or(failed(Cause::TooLarge)))
    }

    /// `+` of texts or of lists.
    fn joined(
        &mut self,
        node: &'a Node,
        arithmetic: Arithmetic,
        one: &Val<'a>,
        other: &Val<'a>,
    ) -> Result<Val<'a>, Failure> {
        let operator = sign(arithmetic);
        if arithmetic == Arithmetic::Add {
            if let (Val::Text(one), Val::Text(other)) = (one, other) {
                self.check_text(node, one.len() + other.len(), 64)?;
                return Ok(Val::Text(Cow::Owned(format!("{one}{other}"))));
            }
            let is_list = |value: &Val<'_>| !matches!(value, Val::Map(_) | Val::Labels(_));
            if let (Some(first), Some(second)) = (one.len(), other.len())
                && is_list(one)
                && is_list(other)
            {
                self.spend(node, first + second)?;
                let elements = (0..first).filter_map(|index| one.at(index));
                let elements = elements.chain((0..second).filter_map(|index| other.at(index)));
                return Ok(Val::List(Rc::from(elements.collect::<Vec<_>>())));
            }
        }
        let cause = Cause::Operands { operator, one: one.kind(), other: other.kind() };
        Err(Failure { place: node.place, cause })
    }

    pub(super) fn pct_change(&mut self, node: &'a Node, operands: &'a [Node; 2]) -> Result<Val<'a>, Failure> {
        let (before, after) = (self.value(&operands[0])?, self.value(&operands[1])?);
        let (before, after) = (read::number(&before), read::number(&after));
        let (Some(before), Some(after)) = (Number::of(&before), Number::of(&after)) else {
            return Ok(Val::Null);
        };
        let before = before.as_double();
        if before == 0.0 {
            return Ok(Val::Null);
        }
        let change = (after.as_double() - before) / before.abs() * 100.0;
        Number::Double(change).value().ok_or(Failure { place: node.place, cause: Cause::TooLarge })
    }
}

fn calculated(arithmetic: Arithmetic, one: Number, other: Number) -> Result<Number, Cause> {
    let (Number::Whole(first), Number::Whole(second)) = (one, other) else {
        let (first, second) = (one.as_double(), other.as_double());
        let divides = matches!(arithmetic, Arithmetic::Divide | Arithmetic::Remainder);
        if divides && second == 0.0 {
            return Err(Cause::DivisionByZero);
        }
        return Ok(Number::Double(match arithmetic {
            Arithmetic::Add => first + second,
            Arithmetic::Subtract => first - second,
            Arithmetic::Multiply => first * second,
            Arithmetic::Divide => first / second,
            Arithmetic::Remainder => first % second,
        }));
    };
    // Sums of 64-bit integers fit 128 bits; products may not.
    Ok(match arithmetic {
        Arithmetic::Add => Number::Whole(first + second),
        Arithmetic::Subtract => Number::Whole(first - second),
        Arithmetic::Multiply => Number::Whole(first.checked_mul(second).ok_or(Cause::TooLarge)?),
        Arithmetic::Divide | Arithmetic::Remainder if second == 0 => return Err(Cause::DivisionByZero),
        Arithmetic::Divide if first % second == 0 => Number::Whole(first / second),
        // 10 of 50 is a fifth: nobody who compares shares means 0.
        Arithmetic::Divide => Number::Double(first as f64 / second as f64),
        Arithmetic::Remainder => Number::Whole(first % second),
    })
}

fn sign(arithmetic: Arithmetic) -> &'static str {
    match arithmetic {
        Arithmetic::Add => "+",
        Arithmetic::Subtract => "-",
        Arithmetic::Multiply => "*",
        Arithmetic::Divide => "/",
        Arithmetic::Remainder => "%",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_and_fractions_compare_without_rounding() {
        let table = [
            (9_007_199_254_740_993, 9_007_199_254_740_992.0, Ordering::Greater),
            (u64::MAX.into(), 18_446_744_073_709_551_616.0, Ordering::Less),
            (i64::MIN.into(), -9_223_372_036_854_775_808.0, Ordering::Equal),
            (1, 1.5, Ordering::Less),
            (-1, -1.5, Ordering::Greater),
            (0, -0.0, Ordering::Equal),
            (7, 1e300, Ordering::Less),
            (7, -1e300, Ordering::Greater),
        ];
        for (whole, double, expected) in table {
            assert_eq!(
                compare_numbers(Number::Whole(whole), Number::Double(double)),
                expected,
                "{whole} {double}"
            );
            let reversed = compare_numbers(Number::Double(double), Number::Whole(whole));
            assert_eq!(reversed, expected.reverse(), "{double} {whole}");
        }
    }
}
