//! What plain scalars mean: YAML's core schema, and numbers that lose nothing.

use smol_str::SmolStr;

use crate::Value;

/// Digits that survive in an `f64` (IEEE 754: 15 for every decimal).
const EXACT_DIGITS: usize = 15;

/// Returns what a plain YAML scalar means (YAML 1.2 core schema, section 10.3.2).
pub(crate) fn yaml(text: &SmolStr) -> Value {
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let starts_number = text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    if !starts_number {
        return Value::Text(text.clone());
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && let Ok(number) = u64::from_str_radix(digits, radix)
            && !digits.starts_with('+')
        {
            return Value::from(number);
        }
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = whole.bytes().chain(fraction.bytes());
    let is_number = whole.len() + fraction.len() > 0 && digits.all(|byte| byte.is_ascii_digit());
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_exponent = !exponent.is_empty() && exponent.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && is_exponent {
        number(text.strip_prefix('+').unwrap_or(text))
    } else {
        Value::Text(text.clone())
    }
}

/// Returns a decimal number: exact as integer or float, else as its text.
pub(crate) fn number(text: &str) -> Value {
    if let Ok(integer) = text.parse::<i64>() {
        return Value::from(integer);
    }
    if let Ok(integer) = text.parse::<u64>() {
        return Value::from(integer);
    }
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_start_matches('0').trim_end_matches('0').len();
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() && significant <= EXACT_DIGITS && text.contains(['.', 'e', 'E']) => {
            Value::from(float)
        }
        _ => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_mean_what_the_core_schema_says() {
        for (text, value) in [
            ("~", Value::Null),
            ("True", Value::Bool(true)),
            ("yes", Value::from("yes")),
            ("12", Value::Int(12)),
            ("+12", Value::Int(12)),
            ("-0", Value::Int(0)),
            ("0x1F", Value::Int(31)),
            ("0o17", Value::Int(15)),
            ("18446744073709551615", Value::Uint(u64::MAX)),
            ("1.50", Value::Float(1.5)),
            ("1e3", Value::Float(1000.0)),
            (".5", Value::Float(0.5)),
            ("1.2.3", Value::from("1.2.3")),
            ("10:30", Value::from("10:30")),
            ("0.1234567890123456789", Value::from("0.1234567890123456789")),
            ("123456789012345678901", Value::from("123456789012345678901")),
            ("1e999", Value::from("1e999")),
            ("-", Value::from("-")),
            (".inf", Value::from(".inf")),
            ("1_000", Value::from("1_000")),
        ] {
            assert_eq!(yaml(&text.into()), value, "{text}");
        }
    }
}
