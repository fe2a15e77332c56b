//! Reads numbers, sizes and durations out of values; what is none is null.

use super::Machine;
use crate::cel::failure::Failure;
use crate::cel::node::{Node, Reading};
use crate::cel::value::Val;

/// Longest text that is read as a number; an f64 written out has at most 1,077 characters.
const LONGEST: usize = 1100;

impl<'a> Machine<'a> {
    pub(super) fn read(&mut self, reading: Reading, one: &'a Node) -> Result<Val<'a>, Failure> {
        let value = self.value(one)?;
        Ok(match reading {
            Reading::Number => number(&value),
            Reading::Bytes => bytes(&value),
            Reading::Duration => duration(&value),
        })
    }
}

/// Reads a number, or a text that is one as a whole: a sign, digits, and a point with digits.
pub(super) fn number(value: &Val<'_>) -> Val<'static> {
    match value {
        Val::Int(number) => Val::Int(*number),
        Val::Uint(number) => Val::Uint(*number),
        Val::Double(number) => Val::Double(*number),
        Val::Text(text) => number_of_text(text),
        _ => Val::Null,
    }
}

fn number_of_text(text: &str) -> Val<'static> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() > LONGEST || !is_digits(whole) || !is_digits(fraction) {
        return Val::Null;
    }
    if !digits.contains('.') {
        if let Ok(number) = text.parse::<i64>() {
            return Val::Int(number);
        }
        if let Ok(number) = text.parse::<u64>() {
            return Val::Uint(number);
        }
    }
    finite(text.parse().ok())
}

fn finite(number: Option<f64>) -> Val<'static> {
    number.filter(|number| number.is_finite()).map_or(Val::Null, Val::Double)
}

/// Reads a number of bytes: `512`, `10MB`, `1.5 GiB`. K, KB, Ki and KiB are all 1,024, as MySQL, Java and Spring count.
fn bytes(value: &Val<'_>) -> Val<'static> {
    const UNITS: [&str; 7] = ["", "k", "m", "g", "t", "p", "e"];
    let Val::Text(text) = value else { return number(value) };
    let (amount, unit) = amount_and_unit(text);
    let unit = unit.trim().to_ascii_lowercase();
    let short = unit.strip_suffix("ib").or_else(|| unit.strip_suffix('b')).or_else(|| unit.strip_suffix('i'));
    let short = short.unwrap_or(&unit);
    let Some(power) = UNITS.iter().position(|known| *known == short) else { return Val::Null };
    let factor = 1_i64 << (10 * power);
    match number_of_text(amount) {
        Val::Int(amount) => match amount.checked_mul(factor) {
            Some(product) => Val::Int(product),
            None => finite(Some(amount as f64 * factor as f64)),
        },
        Val::Uint(amount) => finite(Some(amount as f64 * factor as f64)),
        Val::Double(amount) => finite(Some(amount * factor as f64)),
        _ => Val::Null,
    }
}

/// Reads a duration: `500ms`, `30s`, `1h30m`, `2d`. A number alone has no unit and is none, but for 0.
fn duration(value: &Val<'_>) -> Val<'static> {
    let text = match value {
        Val::Int(0) => "0",
        Val::Text(text) => text.trim(),
        _ => return Val::Null,
    };
    let (negative, mut rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    if rest == "0" {
        return Val::Duration(0);
    }
    if rest.is_empty() || rest.len() > LONGEST {
        return Val::Null;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let (amount, behind) = amount_and_unit(rest);
        let unit_length = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, next) = behind.split_at(unit_length);
        let Some(nanos) = nanos_of(unit.trim()) else { return Val::Null };
        let part = match number_of_text(amount) {
            Val::Int(amount) => i128::from(amount) * nanos,
            Val::Double(amount) => (amount * nanos as f64) as i128,
            _ => return Val::Null,
        };
        total = total.saturating_add(part);
        rest = next;
    }
    Val::Duration(if negative { -total } else { total })
}

fn nanos_of(unit: &str) -> Option<i128> {
    const SECOND: i128 = 1_000_000_000;
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        "d" => 86_400 * SECOND,
        "w" => 604_800 * SECOND,
        _ => return None,
    })
}

/// Splits off the digits that a text begins with.
fn amount_and_unit(text: &str) -> (&str, &str) {
    let text = text.trim();
    let length = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    text.split_at(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: Val<'_>) -> String {
        match value {
            Val::Duration(nanos) => format!("{nanos}ns"),
            other => other.shown(),
        }
    }

    #[test]
    fn numbers_are_read_from_texts_that_are_one_as_a_whole() {
        let table = [
            ("42", "42"),
            ("-7", "-7"),
            ("+7", "7"),
            ("18446744073709551615", "18446744073709551615"),
            ("18446744073709551616", "1.8446744073709552e+19"),
            ("1.50", "1.5"),
            ("1e5", "null"),
            (" 1", "null"),
            ("1.", "null"),
            (".5", "null"),
            ("", "null"),
            ("-", "null"),
            ("１", "null"),
            ("NaN", "null"),
        ];
        for (text, expected) in table {
            assert_eq!(shown(number(&Val::text(Some(text)))), expected, "{text}");
        }
        assert_eq!(shown(number(&Val::Bool(true))), "null");
        assert!(number(&Val::text(Some(&"9".repeat(900)))).is_null());
    }

    #[test]
    fn sizes_are_read_with_their_units() {
        let table = [
            ("512", "512"),
            ("10MB", "10485760"),
            ("10m", "10485760"),
            ("1 KiB", "1024"),
            ("1Ki", "1024"),
            ("1.5g", "1610612736.0"),
            ("7b", "7"),
            ("9223372036854775807k", "9.44473296573929e+21"),
            ("ten", "null"),
            ("10 apples", "null"),
            ("MB", "null"),
        ];
        for (text, expected) in table {
            assert_eq!(shown(bytes(&Val::text(Some(text)))), expected, "{text}");
        }
        assert_eq!(shown(bytes(&Val::Int(5))), "5");
    }

    #[test]
    fn durations_are_read_with_their_units() {
        let table = [
            ("500ms", "500000000ns"),
            ("1h30m", "5400000000000ns"),
            ("1.5s", "1500000000ns"),
            ("2d", "172800000000000ns"),
            ("-5s", "-5000000000ns"),
            ("0", "0ns"),
            ("30", "null"),
            ("5 minutes", "null"),
            ("s", "null"),
            ("", "null"),
        ];
        for (text, expected) in table {
            assert_eq!(shown(duration(&Val::text(Some(text)))), expected, "{text}");
        }
        assert_eq!(shown(duration(&Val::Int(30))), "null");
    }
}
