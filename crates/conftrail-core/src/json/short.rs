//! Texts, judged and moved in pieces of a fixed size, which takes a few instructions where a loop would take many.

/// The longest text that is short.
const SHORT: usize = 64;
/// Four bytes that are plain, for what has only four others to be judged.
const SPACES: u64 = 0x2020_2020 << 32;
/// The room that every short text fits into with its quotes and a colon.
pub(super) const ROOM: usize = SHORT + 3;

/// Puts a short text with its quotes to the front of `room`, and a colon behind it for those that are names; `false` when
/// it is too long or needs an escape, and then what `room` holds is of no use.
#[inline]
pub(super) fn put_short(text: &[u8], room: &mut [u8; ROOM]) -> bool {
    let length = text.len();
    if length > SHORT {
        return false;
    }
    room[0] = b'"';
    room[length + 1] = b'"';
    room[length + 2] = b':';
    let room = &mut room[1..=length];
    let is_plain = match length {
        32.. => put_ends::<32>(text, room).map(|(first, last)| are_plain(&first) & are_plain(&last)),
        16.. => put_ends::<16>(text, room).map(|(first, last)| are_plain(&first) & are_plain(&last)),
        8.. => put_ends(text, room).map(|(first, last)| {
            are_eight_plain(u64::from_le_bytes(first)) & are_eight_plain(u64::from_le_bytes(last))
        }),
        4.. => put_ends(text, room).map(|(first, last)| {
            are_eight_plain(u64::from(u32::from_le_bytes(first)) << 32 | u64::from(u32::from_le_bytes(last)))
        }),
        2.. => put_ends(text, room).map(|(first, last)| {
            are_eight_plain(
                SPACES | u64::from(u16::from_le_bytes(first)) << 16 | u64::from(u16::from_le_bytes(last)),
            )
        }),
        1 => put_ends(text, room).map(|([only], [_])| is_plain(only)),
        0 => Some(true),
    };
    is_plain == Some(true)
}

/// Puts the first and the last `N` bytes, which overlap in the middle and leave nothing out, and returns them.
#[inline]
fn put_ends<const N: usize>(text: &[u8], room: &mut [u8]) -> Option<([u8; N], [u8; N])> {
    let (first, last) = (*text.first_chunk()?, *text.last_chunk()?);
    *room.first_chunk_mut()? = first;
    *room.last_chunk_mut()? = last;
    Some((first, last))
}

/// Says whether eight bytes stand in JSON as they are.
#[inline]
fn are_eight_plain(eight: u64) -> bool {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGHS: u64 = ONES * 0x80;
    // Finds a byte below `bound` (at most 128) that is ASCII; of Hacker's Delight, 6-1.
    let below = |eight: u64, bound: u64| eight.wrapping_sub(ONES * bound) & !eight;
    let is = |eight: u64, byte: u8| below(eight ^ (ONES * u64::from(byte)), 1);
    (below(eight, 0x20) | is(eight, b'"') | is(eight, b'\\')) & HIGHS == 0
}

/// Says whether a text of any length stands in JSON as it is.
pub(super) fn is_plain_text(text: &[u8]) -> bool {
    match text.last_chunk() {
        // The last bytes are judged with some of those before them, rather than one by one.
        Some(last) => text.as_chunks::<16>().0.iter().all(are_plain) && are_plain::<16>(last),
        None => text.iter().all(|byte| is_plain(*byte)),
    }
}

/// Judges all bytes, whatever the first ones say: without branches it is done for all at once.
#[inline]
fn are_plain<const N: usize>(bytes: &[u8; N]) -> bool {
    bytes.iter().fold(0, |odd, byte| odd | u8::from(!is_plain(*byte))) == 0
}

#[inline]
fn is_plain(byte: u8) -> bool {
    !((byte < 0x20) | (byte == b'"') | (byte == b'\\'))
}

#[cfg(test)]
mod tests {
    use super::{ROOM, is_plain_text, put_short};

    fn put(text: &[u8]) -> Option<Vec<u8>> {
        let mut room = [b'?'; ROOM];
        put_short(text, &mut room).then(|| room[..text.len() + 3].to_vec())
    }

    #[test]
    fn a_text_of_every_short_length_is_put_whole_between_quotes() {
        for length in 0..=64 {
            let text: String = ('a'..='z').chain('A'..='Z').cycle().take(length).collect();
            assert_eq!(put(text.as_bytes()).unwrap(), format!("\"{text}\":").as_bytes());
        }
        assert_eq!(put(&[b'a'; 65]), None);
    }

    #[test]
    fn a_byte_that_needs_an_escape_is_found_wherever_it_stands() {
        for length in 1..=80 {
            for place in 0..length {
                for (byte, is_plain) in [
                    (b'"', false),
                    (b'\\', false),
                    (0, false),
                    (0x1f, false),
                    (0x20, true),
                    (0x7f, true),
                    (0xe9, true),
                ] {
                    let mut text = vec![b'a'; length];
                    text[place] = byte;
                    assert_eq!(is_plain_text(&text), is_plain, "{byte} at {place} of {length}");
                    assert_eq!(
                        put(&text).is_some(),
                        is_plain && length <= 64,
                        "{byte} at {place} of {length}"
                    );
                }
            }
        }
    }
}
