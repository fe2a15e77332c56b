//! Types that only MariaDB has: UUID, INET4, INET6, and times with fractional digits as it stored them before 10.1.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::short_text::ShortText;
use super::temporal::{datetime_text, time_text, timestamp_text};
use crate::cursor::uint_be;

/// Zeros at the end of a CHAR's bytes are not stored; these types are stored as such.
fn padded<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    let mut whole = [0; N];
    whole.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(whole)
}

/// UUID: versions 1 to 5 are stored with their parts in reverse order, so that the time comes first; source: MariaDB,
/// `plugin/type_uuid/sql_type_uuid.h`.
pub(super) fn uuid(bytes: &[u8]) -> Option<String> {
    let stored: [u8; 16] = padded(bytes)?;
    let is_reversed = stored[6] & 0x80 != 0 && (1..=0x80).contains(&stored[8]);
    let order: [usize; 16] = if is_reversed {
        [12, 13, 14, 15, 10, 11, 8, 9, 6, 7, 0, 1, 2, 3, 4, 5]
    } else {
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
    };
    let mut text = String::with_capacity(36);
    for (place, index) in order.into_iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a string does not fail.
        let _never_fails = write!(text, "{:02x}", stored[index]);
    }
    Some(text)
}

/// INET4: four bytes.
pub(super) fn inet4(bytes: &[u8]) -> Option<String> {
    padded::<4>(bytes).map(|address| Ipv4Addr::from(address).to_string())
}

/// INET6: sixteen bytes, as eight words of which the longest run of zeros is left out, even a run of one. The last two words
/// are printed as IPv4 does where only they, or they behind ffff, are not zero; source: MariaDB, `sql/sql_type_inet.cc`.
pub(super) fn inet6(bytes: &[u8]) -> Option<String> {
    let address = Ipv6Addr::from(padded::<16>(bytes)?);
    let words = address.segments();
    let run = longest_run_of_zeros(&words);
    let is_compatible = run == (0..6);
    if is_compatible || (run == (0..5) && words[5] == 0xffff) {
        let [.., a, b, c, d] = address.octets();
        let mapped = if is_compatible { "" } else { "ffff:" };
        return Some(format!("::{mapped}{}", Ipv4Addr::new(a, b, c, d)));
    }
    let mut text = String::with_capacity(39);
    for (place, word) in words.into_iter().enumerate() {
        if run.contains(&place) {
            if place == run.start {
                text.push_str("::");
            }
            continue;
        }
        if !text.is_empty() && !text.ends_with(':') {
            text.push(':');
        }
        // Writing to a string does not fail.
        let _never_fails = write!(text, "{word:x}");
    }
    Some(text)
}

/// The first of the longest runs; empty when no word is zero.
fn longest_run_of_zeros(words: &[u16; 8]) -> Range<usize> {
    let mut longest = 0..0;
    let mut start = 0;
    for (place, word) in words.iter().enumerate() {
        if *word != 0 {
            start = place + 1;
        } else if place + 1 - start > longest.len() {
            longest = start..place + 1;
        }
    }
    longest
}

/// Splits a number of fractions of a second into seconds and microseconds.
fn seconds_and_micros(fractions: u64, digits: u8) -> Option<(u64, u64)> {
    let per_second = 10_u64.pow(u32::from(digits));
    let micros = fractions % per_second * 10_u64.checked_pow(6_u32.checked_sub(u32::from(digits))?)?;
    Some((fractions / per_second, micros))
}

/// TIME with digits: fractions of a second above the lowest possible time, high byte first; source: MariaDB,
/// `sql/field.cc`, `Field_time_hires`.
pub(super) fn hires_time(bytes: &[u8], digits: u8) -> Option<ShortText> {
    /// One second more than 838:59:59.
    const BELOW_LOWEST: i64 = 3_020_400;
    let zero = BELOW_LOWEST * 10_i64.pow(u32::from(digits));
    let packed = i64::try_from(uint_be(bytes)?).ok()? - zero;
    let (seconds, micros) = seconds_and_micros(packed.unsigned_abs(), digits)?;
    let whole = (seconds / 3_600) << 12 | (seconds / 60 % 60) << 6 | (seconds % 60);
    (seconds < BELOW_LOWEST.unsigned_abs()).then(|| time_text(packed < 0, whole, micros, digits))
}

/// DATETIME with digits: year, month, day and the clock as one mixed number, high byte first; source: MariaDB,
/// `sql/compat56.h` and `sql-common/my_time.c`, `pack_time`.
pub(super) fn hires_datetime(bytes: &[u8], digits: u8) -> Option<ShortText> {
    let (mut rest, micros) = seconds_and_micros(uint_be(bytes)?, digits)?;
    let mut next = |radix: u64| {
        let part = rest % radix;
        rest /= radix;
        part
    };
    let (second, minute, hour, day) = (next(60), next(60), next(24), next(32));
    // What is left is the year times 13 and the month.
    let whole = (rest << 5 | day) << 17 | hour << 12 | minute << 6 | second;
    (rest < 13 * 10_000).then(|| datetime_text(whole, micros, digits))
}

/// TIMESTAMP with digits: seconds, then the fraction, both with the high byte first.
pub(super) fn hires_timestamp(bytes: &[u8], digits: u8) -> Option<ShortText> {
    let (seconds, fraction) = bytes.split_at_checked(4)?;
    let (carried, micros) = seconds_and_micros(uint_be(fraction)?, digits)?;
    (carried == 0).then_some(timestamp_text(uint_be(seconds)?, micros, digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_read_in_both_orders_with_its_zeros() {
        let check = |stored: &[u8], expected: &str| assert_eq!(uuid(stored).as_deref(), Some(expected));
        check(
            &[0x38, 0x2c, 0x4a, 0xbd, 0xab, 0xab, 0x8a, 0xb2, 0x41, 0xbe, 0x2f, 0x5c, 0x12, 0x3e, 0x45, 0x67],
            "123e4567-2f5c-41be-8ab2-382c4abdabab",
        );
        check(&[], "00000000-0000-0000-0000-000000000000");
        check(&[0xff; 16], "ffffffff-ffff-ffff-ffff-ffffffffffff");
        check(
            &[0x01, 0x8f, 0x00, 0x00, 0x00, 0x00, 0x70, 0x01, 0x80, 0x02, 0x00],
            "018f0000-0000-7001-8002-000000000000",
        );
        assert_eq!(uuid(&[0; 17]), None);
    }

    #[test]
    fn addresses_are_printed_as_the_server_prints_them() {
        assert_eq!(inet4(&[10, 0, 0, 5]).as_deref(), Some("10.0.0.5"));
        assert_eq!(inet4(&[10]).as_deref(), Some("10.0.0.0"));
        let six = |bytes: [u8; 16]| inet6(&bytes);
        assert_eq!(six([0; 16]).as_deref(), Some("::"));
        assert_eq!(six([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]).as_deref(), Some("::1"));
        assert_eq!(six([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]).as_deref(), Some("::1.2.3.4"));
        assert_eq!(
            six([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4]).as_deref(),
            Some("::ffff:1.2.3.4")
        );
        assert_eq!(inet6(&[0x20, 0x01, 0x0d, 0xb8]).as_deref(), Some("2001:db8::"));
        assert_eq!(six([0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 5]).as_deref(), Some("1::2:0:3:0:4:5"));
        assert_eq!(six([0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]).as_deref(), Some("1:2:3:4:5:6:7:8"));
    }

    #[test]
    fn old_times_keep_sign_and_digits() {
        let stored = |number: u64, bytes: usize| number.to_be_bytes()[8 - bytes..].to_vec();
        let zero = |digits: u32| 3_020_400 * 10_u64.pow(digits);
        assert_eq!(hires_time(&stored(zero(3) + 1_500, 5), 3).as_deref(), Some("00:00:01.500"));
        assert_eq!(hires_time(&stored(zero(1) - 15, 4), 1).as_deref(), Some("-00:00:01.5"));
        assert_eq!(
            hires_time(&stored(zero(6) + 3_020_399_999_999, 6), 6).as_deref(),
            Some("838:59:59.999999")
        );
        assert_eq!(hires_time(&stored(zero(6) * 2, 6), 6), None);
        let date = (((2026 * 13 + 11) * 32 + 20) * 24 + 10) * 3_600 + 5;
        assert_eq!(
            hires_datetime(&stored(date * 1_000 + 123, 7), 3).as_deref(),
            Some("2026-11-20 10:00:05.123")
        );
        assert_eq!(hires_datetime(&[0; 6], 1).as_deref(), Some("0000-00-00 00:00:00.0"));
        assert_eq!(hires_timestamp(&[0x6b, 0, 0, 0, 0x07], 1).as_deref(), Some("2026-11-20T08:08:32.7Z"));
        assert_eq!(hires_timestamp(&[0; 7], 6).as_deref(), Some("0000-00-00 00:00:00.000000"));
        assert_eq!(hires_timestamp(&[0, 0, 0, 1, 10], 1), None);
    }
}
