//! Texts and whole numbers.

/// Appends a text with its quotes.
#[inline]
pub(super) fn append(text: &str, json: &mut Vec<u8>) {
    if is_plain(text.as_bytes()) {
        json.push(b'"');
        json.extend_from_slice(text.as_bytes());
        json.push(b'"');
    } else {
        serde_json::to_writer(json, text).expect("writing to memory cannot fail");
    }
}

/// Appends a name of our own source code and the colon behind it: such names have nothing to escape.
pub(super) fn append_name(name: &'static str, json: &mut Vec<u8>) {
    debug_assert!(is_plain(name.as_bytes()), "{name} would need an escape");
    json.push(b'"');
    json.extend_from_slice(name.as_bytes());
    json.extend_from_slice(b"\":");
}

/// Appends a whole number.
pub(super) fn append_whole(number: impl itoa::Integer, json: &mut Vec<u8>) {
    json.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Says whether a text stands in JSON as it is; looks at eight bytes at a time.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = ONES * 0x80;
    // Finds a byte below `bound` (at most 128) that is ASCII; of Hacker's Delight, 6-1.
    let below = |eight: u64, bound: u64| eight.wrapping_sub(ONES * bound) & !eight & HIGHS;
    let has = |eight: u64, byte: u8| below(eight ^ (ONES * u64::from(byte)), 1);
    let odd = |eight: u64| below(eight, 0x20) | has(eight, b'"') | has(eight, b'\\');
    // The last bytes are looked at with some of those before them, rather than one by one.
    let found = if let Some(last) = bytes.last_chunk::<8>() {
        let (eights, _) = bytes.as_chunks::<8>();
        eights
            .iter()
            .fold(odd(u64::from_le_bytes(*last)), |found, eight| found | odd(u64::from_le_bytes(*eight)))
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        odd(u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)))
    } else {
        return bytes.iter().all(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\');
    };
    found == 0
}
