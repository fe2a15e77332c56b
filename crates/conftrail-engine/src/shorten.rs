//! Cuts texts to a length that a message can carry, between what a reader takes for one sign: neither a grapheme (an emoji
//! of several code points, a letter with its accents) nor a mask is ever split.

use std::borrow::Cow;
use std::ops::Range;

use conftrail_core::mask::is_mask;
use unicode_segmentation::GraphemeCursor;

/// Most context on one side of a difference, in characters.
const CONTEXT: usize = 40;
/// Longest grapheme in bytes that is kept whole: letters with heaps of accents are no reason to exceed all bounds.
const LONGEST_GRAPHEME: usize = 64;
/// How a mask begins, and its length in bytes.
const MASK: (&str, usize) = ("hmac-sha256:", 33);

/// Returns at most `most` characters of a text; `…` says that there is more.
pub fn shorten(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..floor(text, end)).unwrap_or_default())),
    }
}

/// Returns the beginning of a text that is too long, more than `most` characters with its `…`.
pub(crate) fn beginning(text: &str, most: usize) -> Cow<'_, str> {
    around(text, 0..0, most, Keep::Most)
}

/// How much of a long text is kept around a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// As much as is allowed: what is cut has more than `most` characters, what is not cut has no more.
    Most,
    /// What differs, with a few words on both sides: a reader finds it at once.
    Context,
}

/// Returns two texts, each of at most about `most` characters around the place where they differ; `…` stands for what is left
/// out.
pub(crate) fn difference<'t>(
    before: &'t str,
    after: &'t str,
    most: usize,
    keep: Keep,
) -> (Cow<'t, str>, Cow<'t, str>) {
    if before.chars().nth(most).is_none() && after.chars().nth(most).is_none() {
        return (Cow::Borrowed(before), Cow::Borrowed(after));
    }
    let (in_before, in_after) = differing(before, after);
    (around(before, in_before, most, keep), around(after, in_after, most, keep))
}

/// Returns where two texts differ, from the first difference to the last.
pub fn differing(before: &str, after: &str) -> (Range<usize>, Range<usize>) {
    let (a, b) = (before.as_bytes(), after.as_bytes());
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let start = floor(before, same).min(floor(after, same));
    let room = a.len().min(b.len()) - start;
    let same = a.iter().rev().zip(b.iter().rev()).take(room).take_while(|(a, b)| a == b).count();
    let ends = [(before, a.len() - same), (after, b.len() - same)];
    // Both keep the shorter of the two ends, so that what follows is the same text.
    let kept = ends.map(|(text, end)| text.len() - ceiling(text, end)).into_iter().min().unwrap_or_default();
    (start..(a.len() - kept).max(start), start..(b.len() - kept).max(start))
}

/// Returns a text of at most about `most` characters around a place; of a place that is itself too long, its beginning and its end.
fn around(text: &str, place: Range<usize>, most: usize, keep: Keep) -> Cow<'_, str> {
    if text.chars().nth(most).is_none() {
        return Cow::Borrowed(text);
    }
    let context = (most / 4).min(CONTEXT);
    let length = text.get(place.clone()).unwrap_or_default().chars().count();
    if length + 2 * context <= most {
        let spare = if keep == Keep::Most { most - length } else { 2 * context };
        let (left, missing_left) = back(text, place.start, spare / 2);
        let (right, missing) = forward(text, place.end, spare - spare / 2 + missing_left);
        let (left, _) = if missing > 0 { back(text, left, missing) } else { (left, 0) };
        return Cow::Owned(pieces(text, left..right, None));
    }
    let (left, missing_left) = back(text, place.start, context);
    let (right, missing_right) = forward(text, place.end, context);
    let room = most - 2 * context + missing_left + missing_right;
    let (head, _) = forward(text, place.start, room - room / 3);
    let (tail, _) = back(text, place.end, room / 3);
    Cow::Owned(pieces(text, left..head, Some(tail..right)))
}

/// Writes one or two pieces of a text, each widened to whole signs, with `…` for what is left out.
fn pieces(text: &str, first: Range<usize>, second: Option<Range<usize>>) -> String {
    let mut cut = String::new();
    let mut at = 0;
    for range in std::iter::once(first).chain(second) {
        let (start, end) = (floor(text, range.start).max(at), ceiling(text, range.end));
        if start > at {
            cut.push('…');
        }
        cut.push_str(text.get(start..end).unwrap_or_default());
        at = end.max(at);
    }
    if at < text.len() {
        cut.push('…');
    }
    cut
}

/// Returns the place so many characters before another, and how many there are too few.
fn back(text: &str, at: usize, characters: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or_default();
    match characters.checked_sub(1) {
        None => (at, 0),
        Some(last) => match before.char_indices().rev().nth(last) {
            Some((start, _)) => (start, 0),
            None => (0, characters - before.chars().count()),
        },
    }
}

/// Returns the place so many characters after another, and how many there are too few.
fn forward(text: &str, at: usize, characters: usize) -> (usize, usize) {
    let after = text.get(at..).unwrap_or_default();
    match after.char_indices().nth(characters) {
        Some((end, _)) => (at + end, 0),
        None => (text.len(), characters - after.chars().count()),
    }
}

/// Returns the nearest place at or before another where a text may be cut.
fn floor(text: &str, at: usize) -> usize {
    let at = whole(text, at).start;
    mask_around(text, at).map_or(at, |mask| mask.start)
}

/// Returns the nearest place at or after another where a text may be cut.
fn ceiling(text: &str, at: usize) -> usize {
    let at = whole(text, at).end;
    mask_around(text, at).map_or(at, |mask| mask.end)
}

/// Returns the grapheme that a place lies within; an empty range where it lies between two.
fn whole(text: &str, at: usize) -> Range<usize> {
    if at == 0 || at >= text.len() {
        return at.min(text.len())..at.min(text.len());
    }
    let mut from = at;
    while !text.is_char_boundary(from) {
        from -= 1;
    }
    let mut to = at;
    while !text.is_char_boundary(to) {
        to += 1;
    }
    let cursor = || GraphemeCursor::new(from, text.len(), true);
    if from == to && cursor().is_boundary(text, 0) != Ok(false) {
        return escape_around(text, from);
    }
    let is_boundary = from != 0 && cursor().is_boundary(text, 0) == Ok(true);
    let start = if is_boundary { from } else { cursor().prev_boundary(text, 0).ok().flatten().unwrap_or(0) };
    let end = cursor().next_boundary(text, 0).ok().flatten().unwrap_or(text.len());
    if end - start > LONGEST_GRAPHEME { from..to } else { start..end }
}

/// Returns the `\n` that a place lies within: quoted texts are written with them.
fn escape_around(text: &str, at: usize) -> Range<usize> {
    let before = text.get(..at).unwrap_or_default();
    let slashes = before.len() - before.trim_end_matches('\\').len();
    if slashes % 2 == 0 {
        return at..at;
    }
    let length = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    at - 1..at + length
}

/// Returns the mask that a place lies within.
fn mask_around(text: &str, at: usize) -> Option<Range<usize>> {
    let (prefix, length) = MASK;
    let mut from = at.saturating_sub(length - 1);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    while from < at {
        let mask = from..from + length;
        if text.get(from..).is_some_and(|rest| rest.starts_with(prefix))
            && text.get(mask.clone()).is_some_and(is_mask)
        {
            return Some(mask);
        }
        from += text.get(from..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    }
    None
}

/// Returns a text as one line: white space and control characters become single spaces.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(shorten("超时时间", 2), "超时…");
        assert_eq!(shorten("超时", 2), "超时");
        assert_eq!(shorten("", 0), "");
        assert_eq!(shorten("a👩‍👩‍👧b", 3), "a…");
        assert_eq!(shorten("e\u{301}e\u{301}", 3), "e\u{301}…");
        assert_eq!(shorten("key hmac-sha256:0123abcd:0123456789ab!", 20), "key …");
    }

    #[test]
    fn a_line_stays_a_line() {
        assert_eq!(one_line(" a\r\nBcc: x\u{85}\u{0}b  "), "a Bcc: x b");
    }

    fn check(before: &str, after: &str, most: usize, expected: (&str, &str)) {
        let (before, after) = difference(before, after, most, Keep::Most);
        assert_eq!((&*before, &*after), expected);
    }

    #[test]
    fn long_values_are_cut_around_what_differs() {
        let (x, y) = ("x".repeat(5000), "y".repeat(5000));
        check("same", "other", 8, ("same", "other"));
        check(&format!("{x}1{y}"), &format!("{x}2{y}"), 8, ("…xxx1yyyy…", "…xxx2yyyy…"));
        check(&format!("1{y}"), &format!("22{y}"), 8, ("1yyyyyyy…", "22yyyyyy…"));
        check(&format!("{x}1"), &x, 8, ("…xxxxxxx1", "…xxxxxxxx"));
        check("short", &format!("short{y}"), 8, ("short", "…rtyyyy…yy"));
        let (before, after) = difference(&x, "short", 100, Keep::Context);
        assert_eq!((before.chars().count(), &*after), (101, "short"));
        let (long, longer) = (format!("{x}1{y}"), format!("{x}22{y}"));
        let (before, after) = difference(&long, &longer, 12, Keep::Context);
        assert_eq!((&*before, &*after), ("…xxx1yyy…", "…xxx22yyy…"));
        // Two differences far apart: both are seen.
        let far = |a: &str, b: &str| format!("{x}{a}{y}{b}{x}");
        check(&far("1", "3"), &far("2", "4"), 16, ("…xxxx1yyyyy…y3xxxx…", "…xxxx2yyyyy…y4xxxx…"));
    }

    #[test]
    fn chinese_and_emoji_are_never_cut_apart() {
        let text = |middle: &str| format!("{}{middle}{}", "超时".repeat(500), "重试".repeat(500));
        check(&text("一"), &text("五"), 8, ("…时超时一重试重试…", "…时超时五重试重试…"));
        let family = "👩‍👩‍👧";
        let text = |middle: &str| format!("{}{middle}{}", family.repeat(50), "🇨🇳".repeat(50));
        check(&text("a"), &text("b"), 8, (&format!("…{family}a🇨🇳🇨🇳…"), &format!("…{family}b🇨🇳🇨🇳…")));
        // The last sign of one grapheme differs: the whole grapheme does.
        let text = |accent: &str| format!("{}e{accent}{}", "x".repeat(100), "y".repeat(100));
        check(&text("\u{301}"), &text("\u{300}"), 6, ("…xxe\u{301}yy…", "…xxe\u{300}yy…"));
    }

    #[test]
    fn masks_and_escapes_are_never_cut_apart() {
        let mask = |end: &str| format!("hmac-sha256:0123abcd:0123456789{end}");
        let text = |end: &str| format!("{}{}{}", "x".repeat(100), mask(end), "y".repeat(100));
        check(
            &text("ab"),
            &text("ac"),
            40,
            (
                &format!("…xxxxxxxxxx{}yyyyyyyyyy…", mask("ab")),
                &format!("…xxxxxxxxxx{}yyyyyyyyyy…", mask("ac")),
            ),
        );
        let text = |middle: &str| format!("{}{}{middle}{}", "z".repeat(90), mask("ab"), "y".repeat(100));
        check(
            &text("1"),
            &text("2"),
            8,
            (&format!("…{}1yyyy…", mask("ab")), &format!("…{}2yyyy…", mask("ab"))),
        );
        let text = |middle: &str| format!("\"{}\\nab{middle}{}\"", "z".repeat(90), "y".repeat(100));
        check(&text("1"), &text("2"), 8, ("…\\nab1yyyy…", "…\\nab2yyyy…"));
    }

    #[test]
    fn any_two_texts_are_cut_without_panic_and_within_bounds() {
        let signs =
            ["a", "é", "e\u{301}", "超", "👩‍👩‍👧", "🇨🇳", "\\", "hmac-sha256:0123abcd:0123456789ab", "\r\n"];
        let mut state: u32 = 7;
        let mut next = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as usize % below
        };
        for _ in 0..3000 {
            let mut text = |length: usize| (0..length).map(|_| signs[next(signs.len())]).collect::<String>();
            let (start, end) = (text(12), text(12));
            let (before, after) = (format!("{start}{}{end}", text(3)), format!("{start}{}{end}", text(20)));
            let (a, b) = difference(&before, &after, 20, Keep::Most);
            for (cut, whole) in [(&a, &before), (&b, &after)] {
                let length = cut.chars().count();
                assert!(**cut == **whole || (length > 20 && length <= 20 + 4 * 40), "{whole}\n{cut}");
            }
            assert!(shorten(&before, 20).chars().count() <= 21);
        }
    }
}
