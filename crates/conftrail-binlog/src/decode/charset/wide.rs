//! The two- and four-byte Unicode sets, which MySQL stores high byte first unless the name says otherwise.

/// Decodes UTF-16; `None` at an odd length or an unpaired surrogate.
pub(super) fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<_, _>>().ok()
}

/// Decodes UTF-32, high byte first.
pub(super) fn utf32(bytes: &[u8]) -> Option<String> {
    let (quads, odd) = bytes.as_chunks::<4>();
    if !odd.is_empty() {
        return None;
    }
    quads.iter().map(|quad| char::from_u32(u32::from_be_bytes(*quad))).collect()
}

#[cfg(test)]
mod tests {
    use super::{utf16, utf32};

    #[test]
    fn both_byte_orders_and_pairs_of_surrogates_are_read() {
        assert_eq!(utf16(&[0x4e, 0x2d, 0xd8, 0x3d, 0xde, 0x00], u16::from_be_bytes).as_deref(), Some("中😀"));
        assert_eq!(utf16(&[0x2d, 0x4e], u16::from_le_bytes).as_deref(), Some("中"));
        assert_eq!(utf32(&[0, 1, 0xf6, 0]).as_deref(), Some("😀"));
    }

    #[test]
    fn half_characters_are_refused() {
        assert_eq!(utf16(&[0x4e], u16::from_be_bytes), None);
        assert_eq!(utf16(&[0xd8, 0x3d], u16::from_be_bytes), None);
        assert_eq!(utf32(&[0, 0, 0]), None);
        assert_eq!(utf32(&[0, 0x11, 0, 0]), None);
    }
}
