//! Writes what servers put in front of texts and numbers.

/// Writes a number as MySQL's length-encoded integer.
pub(crate) fn length_encoded(number: usize) -> Vec<u8> {
    match u8::try_from(number) {
        Ok(short) if short <= 250 => vec![short],
        _ => wide(number as u64),
    }
}

/// Writes a number of any size in nine bytes.
pub(super) fn wide(number: u64) -> Vec<u8> {
    [&[0xfe][..], &number.to_le_bytes()].concat()
}

/// Writes bytes behind their length.
pub(crate) fn prefixed(bytes: &[u8]) -> Vec<u8> {
    [&length_encoded(bytes.len()), bytes].concat()
}
