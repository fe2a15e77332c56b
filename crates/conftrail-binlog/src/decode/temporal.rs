//! Dates and times, printed as MySQL prints them with their fractional digits; TIMESTAMP as RFC 3339 in UTC.
//!
//! Source of the packing: MySQL, `sql-common/my_time.cc`, `my_datetime_packed_from_binary` and its neighbours.

use super::short_text::{ShortText, pair};
use crate::cursor::{uint_be, uint_le};

/// What stands for second 0 of a TIMESTAMP: MySQL's zero date is no point in time.
const ZERO_DATETIME: [u8; 19] = *b"0000-00-00 00:00:00";

/// Fractions of a second in 24 bits below the whole part.
const FRACTION_BITS: u32 = 24;

/// DATE: 5 bits of day, 4 of month, the rest year.
pub(super) fn date(bytes: &[u8]) -> Option<ShortText> {
    if bytes.len() != 3 {
        return None;
    }
    // Three bytes.
    let packed = uint_le(bytes)? as u32;
    let mut text = ShortText::new();
    push_date(&mut text, packed >> 9, packed >> 5 & 15, packed & 31);
    Some(text)
}

/// DATETIME: 40 bits whole part, offset by half, then the fraction.
#[inline]
pub(super) fn datetime(bytes: &[u8], digits: u8) -> Option<ShortText> {
    let (whole, fraction) = bytes.split_first_chunk::<5>()?;
    let whole = uint_be(whole)?.checked_sub(1 << 39)?;
    let micros = micros(fraction, digits)?;
    Some(datetime_text(whole, micros, digits))
}

/// TIME: 24 bits whole part, offset by half; of negative times the fraction counts up from the next lower second.
pub(super) fn time(bytes: &[u8], digits: u8) -> Option<ShortText> {
    let (_, fraction) = bytes.split_at_checked(3)?;
    if fraction.len() != usize::from(digits.div_ceil(2)) {
        return None;
    }
    let offset = 1_i64 << (bytes.len() * 8 - 1);
    let packed = i64::try_from(uint_be(bytes)?).ok()? - offset;
    let fraction_bits = fraction.len() * 8;
    let size = packed.unsigned_abs();
    let micros = micros_of(size & ((1 << fraction_bits) - 1), fraction.len())?;
    Some(time_text(packed < 0, size >> fraction_bits, micros, digits))
}

/// TIMESTAMP: 32 bits of seconds without sign, so that it reaches 2106, then the fraction.
#[inline]
pub(super) fn timestamp(bytes: &[u8], digits: u8) -> Option<ShortText> {
    let (seconds, fraction) = bytes.split_first_chunk::<4>()?;
    Some(timestamp_text(u32::from_be_bytes(*seconds).into(), micros(fraction, digits)?, digits))
}

/// TIMESTAMP before MySQL 5.6: seconds, low byte first.
pub(super) fn old_timestamp(bytes: &[u8]) -> Option<ShortText> {
    if bytes.len() != 4 {
        return None;
    }
    Some(timestamp_text(uint_le(bytes)?, 0, 0))
}

/// TIME before MySQL 5.6: decimal HHMMSS with sign in three bytes.
pub(super) fn old_time(bytes: &[u8]) -> Option<ShortText> {
    if bytes.len() != 3 {
        return None;
    }
    let raw = i64::try_from(uint_le(bytes)?).ok()?;
    let signed = if raw >= 1 << 23 { raw - (1 << 24) } else { raw };
    let size = signed.unsigned_abs();
    let packed = (size / 10_000) << 12 | (size / 100 % 100) << 6 | (size % 100);
    Some(time_text(signed < 0, packed, 0, 0))
}

/// DATETIME before MySQL 5.6: decimal YYYYMMDDhhmmss in eight bytes.
pub(super) fn old_datetime(bytes: &[u8]) -> Option<ShortText> {
    if bytes.len() != 8 {
        return None;
    }
    let number = uint_le(bytes)?;
    let date = u32::try_from(number / 1_000_000).ok().filter(|date| *date <= 99_991_231)?;
    let time = (number % 1_000_000) as u32;
    let mut text = ShortText::new();
    push_date(&mut text, date / 10_000, date / 100 % 100, date % 100);
    text.push(b' ');
    push_clock(&mut text, time / 10_000, time / 100 % 100, time % 100);
    Some(text)
}

/// A DATETIME inside a JSON document: packed with 24 bits of microseconds, always six digits.
pub(super) fn packed_datetime(packed: i64) -> ShortText {
    let size = packed.unsigned_abs();
    datetime_text(size >> FRACTION_BITS, size & 0xff_ffff, 6)
}

/// A DATE inside a JSON document: a packed DATETIME at midnight.
pub(super) fn packed_date(packed: i64) -> ShortText {
    let mut text = packed_datetime(packed);
    text.truncate(10);
    text
}

/// A TIME inside a JSON document: packed with 24 bits of microseconds, always six digits.
pub(super) fn packed_time(packed: i64) -> ShortText {
    let size = packed.unsigned_abs();
    time_text(packed < 0, size >> FRACTION_BITS, size & 0xff_ffff, 6)
}

/// Whole part: 17 bits of year × 13 + month, 5 of day, 5 of hour, 6 of minute, 6 of second.
#[inline]
pub(super) fn datetime_text(whole: u64, micros: u64, digits: u8) -> ShortText {
    let (ymd, hms) = ((whole >> 17) as u32, (whole & 0x1_ffff) as u32);
    let (months, day) = (ymd >> 5, ymd & 31);
    let mut text = ShortText::new();
    push_date(&mut text, months / 13, months % 13, day);
    text.push(b' ');
    push_clock(&mut text, hms >> 12, hms >> 6 & 63, hms & 63);
    push_fraction(&mut text, micros, digits);
    text
}

/// Whole part: 10 bits of hours, 6 of minutes, 6 of seconds.
#[inline]
pub(super) fn time_text(negative: bool, whole: u64, micros: u64, digits: u8) -> ShortText {
    let whole = (whole & 0x3f_ffff) as u32;
    let mut text = ShortText::new();
    if negative {
        text.push(b'-');
    }
    push_clock(&mut text, whole >> 12, whole >> 6 & 63, whole & 63);
    push_fraction(&mut text, micros, digits);
    text
}

/// Seconds since 1970, of which there are at most 32 bits.
#[inline]
pub(super) fn timestamp_text(seconds: u64, micros: u64, digits: u8) -> ShortText {
    let mut text = ShortText::new();
    if seconds == 0 && micros == 0 {
        text.push_all(ZERO_DATETIME);
        push_fraction(&mut text, 0, digits);
        return text;
    }
    let (days, of_day) = ((seconds / 86_400) as u32, (seconds % 86_400) as u32);
    let (year, month, day) = civil_date(days);
    push_date(&mut text, year, month, day);
    text.push(b'T');
    push_clock(&mut text, of_day / 3_600, of_day / 60 % 60, of_day % 60);
    push_fraction(&mut text, micros, digits);
    text.push(b'Z');
    text
}

/// Days since 1970 to year, month and day; H. Hinnant, "chrono-compatible low-level date algorithms".
fn civil_date(days: u32) -> (u32, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + u32::from(month <= 2), month, day)
}

/// Reads a fraction: one byte of hundredths, two of ten-thousandths or three of millionths.
fn micros(fraction: &[u8], digits: u8) -> Option<u64> {
    if fraction.len() != usize::from(digits.div_ceil(2)) {
        return None;
    }
    micros_of(uint_be(fraction)?, fraction.len())
}

fn micros_of(units: u64, bytes: usize) -> Option<u64> {
    let micros = match bytes {
        0 => 0,
        1 => units * 10_000,
        2 => units * 100,
        _ => units,
    };
    (micros < 1_000_000).then_some(micros)
}

#[inline]
fn push_date(text: &mut ShortText, year: u32, month: u32, day: u32) {
    let ([y1, y2], [y3, y4]) = (pair(year / 100), pair(year));
    let ([m1, m2], [d1, d2]) = (pair(month), pair(day));
    text.push_all([y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2]);
}

#[inline]
fn push_clock(text: &mut ShortText, hours: u32, minutes: u32, seconds: u32) {
    if hours > 99 {
        // Of a TIME: at most 838.
        text.push(pair(hours / 100)[1]);
    }
    let ([h1, h2], [m1, m2], [s1, s2]) = (pair(hours), pair(minutes), pair(seconds));
    text.push_all([h1, h2, b':', m1, m2, b':', s1, s2]);
}

/// Microseconds, of which there are at most 24 bits.
#[inline]
fn push_fraction(text: &mut ShortText, micros: u64, digits: u8) {
    if digits > 0 {
        let micros = micros as u32;
        let ([a, b], [c, d], [e, f]) = (pair(micros / 10_000), pair(micros / 100), pair(micros));
        text.push_all([b'.', a, b, c, d, e, f]);
        text.truncate(text.len() - usize::from(6 - digits.min(6)));
    }
}

#[cfg(test)]
mod tests {
    use super::{ShortText, date, datetime, old_datetime, old_time, old_timestamp, time, timestamp};

    fn text(result: Option<ShortText>) -> String {
        result.expect("a valid value").to_string()
    }

    /// Packs a TIME as MySQL does: whole and fraction as one number, negative in two's complement around the offset.
    fn pack_time(negative: bool, hms: (i64, i64, i64), fraction: i64, bytes: usize) -> Vec<u8> {
        let whole = hms.0 << 12 | hms.1 << 6 | hms.2;
        let packed = whole << (bytes * 8 - 24) | fraction;
        let stored = (1_i64 << (bytes * 8 - 1)) + if negative { -packed } else { packed };
        stored.to_be_bytes()[8 - bytes..].to_vec()
    }

    #[test]
    fn zero_dates_are_kept() {
        assert_eq!(text(date(&[0, 0, 0])), "0000-00-00");
        assert_eq!(text(datetime(&[0x80, 0, 0, 0, 0, 0, 0], 3)), "0000-00-00 00:00:00.000");
        assert_eq!(text(timestamp(&[0, 0, 0, 0, 0], 2)), "0000-00-00 00:00:00.00");
        assert_eq!(text(old_datetime(&[0; 8])), "0000-00-00 00:00:00");
    }

    #[test]
    fn negative_times_keep_sign_and_fraction() {
        assert_eq!(text(time(&pack_time(true, (0, 0, 0), 5_000, 5), 3)), "-00:00:00.500");
        assert_eq!(text(time(&pack_time(true, (838, 59, 59), 0, 3), 0)), "-838:59:59");
        assert_eq!(text(time(&pack_time(true, (0, 0, 1), 10, 4), 1)), "-00:00:01.1");
        assert_eq!(text(time(&pack_time(true, (12, 30, 0), 1, 6), 6)), "-12:30:00.000001");
        assert_eq!(text(time(&pack_time(false, (12, 30, 0), 999_999, 6), 6)), "12:30:00.999999");
        // As MySQL stores -00:00:00.01 in TIME(2): whole part -1, fraction 256 - 1.
        assert_eq!(text(time(&[0x7f, 0xff, 0xff, 0xff], 2)), "-00:00:00.01");
        assert_eq!(text(old_time(&(-1_023_i32).to_le_bytes()[..3])), "-00:10:23");
    }

    #[test]
    fn timestamps_are_utc_and_reach_beyond_2038() {
        assert_eq!(text(timestamp(&[0x69, 0x20, 0x00, 0x00], 0)), "2025-11-21T06:00:32Z");
        assert_eq!(
            text(timestamp(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0x42, 0x3f], 6)),
            "2106-02-07T06:28:15.999999Z"
        );
        assert_eq!(text(timestamp(&[0, 0, 0, 1, 0x04, 0xd2], 4)), "1970-01-01T00:00:01.1234Z");
        assert_eq!(text(old_timestamp(&951_782_400_u32.to_le_bytes())), "2000-02-29T00:00:00Z");
    }

    #[test]
    fn digits_are_exactly_those_of_the_column() {
        let whole = (2026 * 13 + 11) << 22 | 21 << 17 | 10 << 12 | 5 << 6 | 7_u64;
        let bytes = (whole | 1 << 39).to_be_bytes();
        let with = |fraction: &[u8]| [&bytes[3..], fraction].concat();
        assert_eq!(text(datetime(&with(&[]), 0)), "2026-11-21 10:05:07");
        assert_eq!(text(datetime(&with(&[90]), 1)), "2026-11-21 10:05:07.9");
        assert_eq!(text(datetime(&with(&[0, 1]), 4)), "2026-11-21 10:05:07.0001");
        assert_eq!(text(datetime(&with(&[0x0f, 0x42, 0x3f]), 6)), "2026-11-21 10:05:07.999999");
    }

    #[test]
    fn wrong_sizes_and_impossible_fractions_are_refused() {
        assert_eq!(date(&[0; 4]), None);
        assert_eq!(datetime(&[0x80, 0, 0, 0], 0), None);
        assert_eq!(datetime(&[0x7f, 0, 0, 0, 0], 0), None);
        assert_eq!(datetime(&[0x80, 0, 0, 0, 0, 100], 2), None);
        assert_eq!(timestamp(&[0, 0, 0, 1, 0xff, 0xff, 0xff], 6), None);
        assert_eq!(time(&[0; 4], 6), None);
    }
}
