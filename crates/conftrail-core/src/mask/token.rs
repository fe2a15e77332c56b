//! The shape of a mask, `hmac-sha256:<8 hex>:<12 hex>`, and where masks stand in a text.

use std::ops::Range;

/// How every mask starts.
pub(crate) const PREFIX: &str = "hmac-sha256:";
/// The length of a mask in bytes.
pub(crate) const MASK_LEN: usize = PREFIX.len() + 8 + 1 + 12;

/// Says whether a text is exactly one mask.
pub fn is_mask(text: &str) -> bool {
    text.len() == MASK_LEN && mask_at(text.as_bytes(), 0)
}

/// Says whether a text holds a mask anywhere.
#[inline]
pub fn holds_mask(text: &str) -> bool {
    text.len() >= MASK_LEN && !masks(text).is_empty()
}

/// Returns where the masks of a text stand, in order.
pub(crate) fn masks(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if text.len() < MASK_LEN {
        return found;
    }
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(PREFIX)) {
        let start = from + at;
        if mask_at(text.as_bytes(), start) {
            found.push(start..start + MASK_LEN);
            from = start + MASK_LEN;
        } else {
            from = start + PREFIX.len();
        }
    }
    found
}

fn mask_at(bytes: &[u8], start: usize) -> bool {
    let Some(mask) = bytes.get(start..start + MASK_LEN) else { return false };
    let Some(rest) = mask.strip_prefix(PREFIX.as_bytes()) else { return false };
    let is_hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    rest.iter().enumerate().all(|(at, byte)| if at == 8 { *byte == b':' } else { is_hex(byte) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_shape_is_a_mask() {
        let mask = "hmac-sha256:0123abcd:0123456789ab";
        assert!(is_mask(mask));
        for wrong in [
            "hmac-sha256:0123abcd:0123456789a",
            "hmac-sha256:0123abcd:0123456789abc",
            "hmac-sha256:0123ABCD:0123456789ab",
            "hmac-sha256:0123abcd-0123456789ab",
            " hmac-sha256:0123abcd:0123456789ab",
        ] {
            assert!(!is_mask(wrong), "{wrong}");
        }
        assert!(holds_mask(&format!("密码 {mask}!")));
        assert_eq!(masks(&format!("{PREFIX}{mask}{mask}")).len(), 2);
    }
}
