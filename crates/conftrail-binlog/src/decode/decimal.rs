//! DECIMAL: packed digits to the exact text that MySQL prints.
//!
//! Nine digits stand in four bytes, high byte first; the odd digits of the integer part come first, those of the
//! fraction last, in as few bytes as they need. The first bit is inverted; a negative number has all bits inverted.
//! Source: MySQL, `strings/decimal.cc`, `decimal2bin`.

use super::short_text::ShortText;
use crate::cursor::{Cursor, uint_be};

/// The longest packed number: DECIMAL(65,30) takes 30 bytes, MariaDB's (65,38) as many.
const MOST_BYTES: usize = 34;

/// Bytes for 0 to 9 digits.
const BYTES_OF_DIGITS: [usize; 10] = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

/// What numbers of 0 to 9 digits are below.
const ABOVE_DIGITS: [u32; 10] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// Returns the number's text with exactly `scale` digits behind the point; `None` for impossible digits or sizes.
pub(crate) fn text(bytes: &[u8], precision: u8, scale: u8) -> Option<ShortText> {
    let mut buffer = [0_u8; MOST_BYTES];
    let plain = buffer.get_mut(..bytes.len())?;
    let first = *bytes.first()?;
    let negative = first & 0x80 == 0;
    plain.copy_from_slice(bytes);
    *plain.first_mut()? ^= 0x80;
    if negative {
        plain.iter_mut().for_each(|byte| *byte = !*byte);
    }

    let integers = usize::from(precision.checked_sub(scale)?);
    let scale = usize::from(scale);
    let mut cursor = Cursor::new(plain);
    let mut text = ShortText::new();
    if negative {
        text.push(b'-');
    }
    let start = text.len();
    group(&mut cursor, &mut text, integers % 9, start)?;
    for _ in 0..integers / 9 {
        group(&mut cursor, &mut text, 9, start)?;
    }
    if text.len() == start {
        text.push(b'0');
    }
    if scale > 0 {
        text.push(b'.');
        for _ in 0..scale / 9 {
            group(&mut cursor, &mut text, 9, 0)?;
        }
        group(&mut cursor, &mut text, scale % 9, 0)?;
    }
    cursor.is_empty().then_some(text)
}

/// Reads one group of digits. Zeros at `start`, in front of the number, are not written.
fn group(cursor: &mut Cursor<'_>, text: &mut ShortText, digits: usize, start: usize) -> Option<()> {
    if digits == 0 {
        return Some(());
    }
    let number = u32::try_from(uint_be(cursor.take(*BYTES_OF_DIGITS.get(digits)?)?)?).ok()?;
    if number >= *ABOVE_DIGITS.get(digits)? {
        return None;
    }
    // `start` is 0 for the fraction only, where every digit counts.
    if text.len() > start {
        text.push_digits(number, digits);
    } else if number > 0 {
        text.push_digits(number, number.ilog10() as usize + 1);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{BYTES_OF_DIGITS, text};

    /// Packs as MySQL does.
    fn pack(number: &str, precision: usize, scale: usize) -> Vec<u8> {
        let (negative, digits) = match number.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, number),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let whole = format!("{whole:0>width$}", width = precision - scale);
        let whole = &whole[whole.len() - (precision - scale)..];
        let fraction = format!("{fraction:0<scale$}");
        let mut bytes = Vec::new();
        let mut put = |digits: &str| {
            let size = BYTES_OF_DIGITS[digits.len()];
            let number: u32 = if digits.is_empty() { 0 } else { digits.parse().expect("digits") };
            bytes.extend_from_slice(&number.to_be_bytes()[4 - size..]);
        };
        let (odd, groups) = whole.split_at(whole.len() % 9);
        put(odd);
        groups.as_bytes().chunks(9).for_each(|group| put(std::str::from_utf8(group).expect("ascii")));
        fraction.as_bytes().chunks(9).for_each(|group| put(std::str::from_utf8(group).expect("ascii")));
        if negative {
            bytes.iter_mut().for_each(|byte| *byte = !*byte);
        }
        bytes[0] ^= 0x80;
        bytes
    }

    #[test]
    fn numbers_come_back_as_they_were_written() {
        let check = |number: &str, precision: u8, scale: u8| {
            let packed = pack(number, precision.into(), scale.into());
            assert_eq!(text(&packed, precision, scale).as_deref(), Some(number), "({precision},{scale})");
        };
        check("0", 10, 0);
        check("0.00", 10, 2);
        check("-0.05", 10, 2);
        check("12345678.90", 10, 2);
        check("-99999999.99", 10, 2);
        check("1234567890.1234", 14, 4);
        check("-1234567890.1234", 14, 4);
        check("0.5", 1, 1);
        check("100000000", 9, 0);
        check("1000000000", 10, 0);
        check("1.000000001", 10, 9);
        check(&format!("{}.{}", "9".repeat(35), "9".repeat(30)), 65, 30);
        check(&format!("-{}.{}", "1".repeat(35), "0".repeat(29) + "1"), 65, 30);
        check(&"9".repeat(65), 65, 0);
    }

    #[test]
    fn random_numbers_come_back_for_every_precision_and_scale() {
        let mut random = crate::testing::Random::new(3);
        for precision in 1_u8..=65 {
            for scale in 0..=precision.min(30) {
                let mut digit = || char::from(b'0' + random.byte() % 10);
                let whole: String = (scale..precision).map(|_| digit()).collect();
                let fraction: String = (0..scale).map(|_| digit()).collect();
                let whole = whole.trim_start_matches('0');
                let mut number = if whole.is_empty() { "0".to_owned() } else { whole.to_owned() };
                if scale > 0 {
                    number = format!("{number}.{fraction}");
                }
                let packed = pack(&number, precision.into(), scale.into());
                assert_eq!(text(&packed, precision, scale).as_deref(), Some(number.as_str()));
            }
        }
    }

    #[test]
    fn impossible_digits_and_wrong_sizes_are_refused() {
        assert_eq!(text(&[0xff, 0xff, 0xff, 0xff], 9, 0), None);
        assert_eq!(text(&[0x80 | 100], 2, 0), None);
        assert_eq!(text(&[], 1, 0), None);
        assert_eq!(text(&[0x80; 40], 65, 30), None);
        assert_eq!(text(&[0x80, 0, 0], 2, 0), None);
    }
}
