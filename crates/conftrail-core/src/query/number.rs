//! Numbers, compared exactly: 64-bit integers and DECIMAL columns do not fit a float.

use std::cmp::Ordering;

use crate::Value;

/// Holds a decimal number of any length, without leading or trailing zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    negative: bool,
    whole: String,
    fraction: String,
}

/// Longest number in characters that is read as one; an f64 written out has at most 1,077.
const LONGEST: usize = 1100;

impl Number {
    /// Reads an optional sign, digits, and an optional point with digits. Anything else is no number.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (digits, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let whole = whole.trim_start_matches('0').to_owned();
        let fraction = fraction.trim_end_matches('0').to_owned();
        let is_zero = whole.is_empty() && fraction.is_empty();
        Some(Self { negative: sign && !is_zero, whole, fraction })
    }

    /// Reads a value: numbers, and text that is wholly a number, as DECIMAL columns and properties files have it.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Int(number) => Self::parse(&number.to_string()),
            Value::Uint(number) => Self::parse(&number.to_string()),
            Value::Float(number) => Self::parse(&number.to_string()),
            Value::Text(text) => Self::parse(text),
            _ => None,
        }
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        (self.whole.len().cmp(&other.whole.len()))
            .then_with(|| self.whole.cmp(&other.whole))
            .then_with(|| self.fraction.cmp(&other.fraction))
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        let whole = if number == 0 { String::new() } else { number.to_string() };
        Self { negative: false, whole, fraction: String::new() }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.magnitude(other),
            (true, true) => other.magnitude(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let whole = if self.whole.is_empty() { "0" } else { &self.whole };
        let point = if self.fraction.is_empty() { "" } else { "." };
        write!(formatter, "{sign}{whole}{point}{}", self.fraction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value_whatever_their_length() {
        let ascending =
            ["-18446744073709551616", "-2", "-1.5", "0", "0.1", "0.11", "9", "10", "9007199254740993"];
        let numbers: Vec<Number> = ascending.iter().map(|text| Number::parse(text).unwrap()).collect();
        assert!(numbers.is_sorted());
        assert_eq!(Number::parse("-0.0"), Number::parse("0"));
        assert_eq!(Number::parse("007.50"), Number::parse("7.5"));
        assert!(Number::parse("9007199254740993") > Number::of(&Value::Float(9007199254740992.0)));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", ".", "1.", ".5", "1e5", "0x10", "1 ", "NaN", "１"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }
}
