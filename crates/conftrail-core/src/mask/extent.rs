//! Where the value of a secret name ends, in text of no known format.

use std::ops::Range;

use super::lines::Lines;
use super::random::looks_random;

/// How far a closing quote or bracket is looked for, in bytes.
const REACH: usize = 8 * 1024;
/// How far is looked after a separator for what shows whether it ends a value, in bytes.
const LOOKAHEAD: usize = 80;

/// How a value stands in its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The name stands first on its line, so that the value is the rest of the line.
    pub(crate) leads_line: bool,
    /// The name is quoted or stands within brackets, so that a comma or a bracket ends the value.
    pub(crate) in_flow: bool,
    /// The sign between them is a colon with a space, as in prose and YAML.
    pub(crate) colon: bool,
}

/// Adds the places of the value that starts at `at`, and returns where to go on.
pub(crate) fn value(lines: &Lines<'_>, at: usize, place: Place, found: &mut Vec<Range<usize>>) -> usize {
    if let Some(end) = tripled(lines, at, found).or_else(|| quoted(lines, at, found)) {
        return end;
    }
    if lines.rest(at).starts_with(['{', '[']) {
        return nested(lines, at, found);
    }
    let end = bare_end(lines, at, place);
    push_trimmed(lines.text, at..end, found);
    end
}

/// Adds a value in three quotes, as TOML writes one of several lines; without an end, as far as is looked. Where to go on
/// is on the same line: the quotes may have been left open, and names of later lines are not to be missed.
fn tripled(lines: &Lines<'_>, at: usize, found: &mut Vec<Range<usize>>) -> Option<usize> {
    let quotes = ["\"\"\"", "'''"].into_iter().find(|quotes| lines.rest(at).starts_with(quotes))?;
    let start = at + quotes.len();
    let body = lines.reach(start, REACH);
    let len = body.find(quotes).unwrap_or(body.len());
    push_trimmed(lines.text, start..start + len, found);
    Some(lines.end(start).min(start + len))
}

/// Adds a value in quotes, plain or escaped, without the quotes. Where to go on is on the same line, as above.
fn quoted(lines: &Lines<'_>, at: usize, found: &mut Vec<Range<usize>>) -> Option<usize> {
    let rest = lines.rest(at);
    let slashes = rest.len() - rest.trim_start_matches('\\').len();
    let quote = rest.get(slashes..)?.chars().next().filter(|quote| "\"'`".contains(*quote))?;
    let start = at + slashes + quote.len_utf8();
    let end = match closing(lines.reach(start, REACH), quote, slashes) {
        Some(len) => start + len,
        None => lines.end(start),
    };
    if !is_open_word(lines.text.get(start..end).unwrap_or_default()) {
        found.push(start..end);
    }
    Some(lines.end(start).min(end))
}

/// Returns the length up to the closing quote, which has as many backslashes before it as the opening one.
fn closing(body: &str, quote: char, slashes: usize) -> Option<usize> {
    let mut run = 0;
    for (at, character) in body.char_indices() {
        if character == '\\' {
            run += 1;
        } else {
            let closes = if slashes == 0 { run % 2 == 0 } else { run == slashes };
            if character == quote && closes {
                return Some(at - if slashes == 0 { 0 } else { run });
            }
            run = 0;
        }
    }
    None
}

/// Adds every scalar between brackets, names left out; without a closing bracket until the reach ends.
fn nested(lines: &Lines<'_>, at: usize, found: &mut Vec<Range<usize>>) -> usize {
    let rest = lines.reach(at, REACH);
    let mut depth = 0_u32;
    let mut skip_to = 0;
    for (offset, character) in rest.char_indices() {
        if offset < skip_to {
            continue;
        }
        match character {
            '{' | '[' => depth += 1,
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + offset + 1;
                }
            }
            ',' | ':' | '=' | '\\' => {}
            _ if character.is_whitespace() => {}
            _ => {
                let piece = rest.get(offset..).unwrap_or_default();
                let (inner, end) = scalar(piece);
                skip_to = offset + end;
                let is_name = rest.get(skip_to..).is_some_and(names_something);
                let word = piece.get(inner.clone()).unwrap_or_default();
                if !is_open_word(word) && (!is_name || looks_random(word)) {
                    found.push(at + offset + inner.start..at + offset + inner.end);
                }
            }
        }
    }
    at + rest.len()
}

/// Says whether what follows a scalar makes it a name.
fn names_something(after: &str) -> bool {
    after.trim_start_matches(['\\', '"', '\'']).trim_start().starts_with([':', '='])
}

/// Returns the inner part of a quoted or bare scalar and where it ends with its quote.
fn scalar(piece: &str) -> (Range<usize>, usize) {
    let quote = piece.chars().next().filter(|quote| "\"'`".contains(*quote));
    let Some(quote) = quote else {
        let end = piece.find(|character: char| character.is_whitespace() || ",:=]}\\\"".contains(character));
        let end = end.unwrap_or(piece.len()).max(1);
        return (0..end, end);
    };
    let body = piece.get(1..).unwrap_or_default();
    match closing(body, quote, 0).or_else(|| closing(body, quote, 1)) {
        Some(len) => (1..1 + len, len + 2),
        None => (1..1 + line_len(body), 1 + line_len(body)),
    }
}

fn bare_end(lines: &Lines<'_>, at: usize, place: Place) -> usize {
    let line = lines.rest(at);
    if place.in_flow {
        return at + line.find([',', '}', ']', '"', '\'']).unwrap_or(line.len());
    }
    if place.leads_line || place.colon {
        return continued_end(lines, at);
    }
    for (offset, character) in line.char_indices() {
        let after = lines.reach(at + offset + character.len_utf8(), LOOKAHEAD);
        let ends = match character {
            '"' | '\'' | '`' | '<' | '>' => true,
            ';' | '&' | ',' | ')' | ']' | '}' | '|' => ends_pair(after),
            '，' | '。' | '；' | '、' | '）' | '」' | '”' => true,
            _ => character.is_whitespace(),
        };
        if ends {
            return at + offset;
        }
    }
    at + line.len()
}

/// Says whether a separator really ends a value: another pair, a bracket, white space or the end follows.
fn ends_pair(after: &str) -> bool {
    let trimmed = after.trim_start_matches(['&', ';', ',', ')', ']', '}']);
    if trimmed.is_empty() || trimmed.starts_with([' ', '\t', '\r', '\n', '"', '\'', '<', '`']) {
        return true;
    }
    let name_len =
        trimmed.find(|character: char| !(character.is_alphanumeric() || "_.-[]".contains(character)));
    name_len.is_some_and(|len| {
        len > 0 && trimmed.get(len..).is_some_and(|rest| rest.starts_with(['=', ':', ' ']))
    })
}

/// Returns the end of a line together with the lines it continues on after a backslash.
fn continued_end(lines: &Lines<'_>, at: usize) -> usize {
    let mut end = lines.value_end(at);
    if end < lines.end(at) {
        return end;
    }
    loop {
        let line = lines.text.get(lines.start(end).max(at)..end).unwrap_or_default();
        let slashes = line.len() - line.trim_end_matches('\\').len();
        if slashes % 2 == 0 || end >= lines.text.len() {
            return end;
        }
        let line_break = if lines.reach(end, 2) == "\r\n" { 2 } else { 1 };
        end = lines.end(end + line_break);
    }
}

/// Returns the length up to the line's end.
fn line_len(text: &str) -> usize {
    text.find(['\n', '\r']).unwrap_or(text.len())
}

/// Adds a place without the white space and separators around it, unless nothing secret can stand there.
pub(crate) fn push_trimmed(text: &str, range: Range<usize>, found: &mut Vec<Range<usize>>) {
    let Some(piece) = text.get(range.clone()) else { return };
    let ends = |character: char| character.is_whitespace() || ",;".contains(character);
    let kept = piece.trim_end_matches(ends);
    // The end of a comment is not the secret's.
    let kept =
        kept.strip_suffix("*/").or_else(|| kept.strip_suffix("-->")).unwrap_or(kept).trim_end_matches(ends);
    let lead = kept.len() - kept.trim_start().len();
    if !is_open_word(kept.trim()) {
        found.push(range.start + lead..range.start + kept.len());
    }
}

/// Says whether a value says nothing that could be secret.
pub(crate) fn is_open_word(word: &str) -> bool {
    matches!(
        word,
        "" | "null" | "true" | "false" | "~" | "Null" | "NULL" | "True" | "False" | "TRUE" | "FALSE"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, leads_line: bool, in_flow: bool, expected: &[&str]) {
        let mut found = Vec::new();
        value(&Lines::new(text), 0, Place { leads_line, in_flow, colon: false }, &mut found);
        let found: Vec<&str> = found.into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn values_end_where_their_surroundings_say() {
        check("a b c\nnext", true, false, &["a b c"]);
        check("a\\\n  b\nnext", true, false, &["a\\\n  b"]);
        check("abc&ssl=true", false, false, &["abc"]);
        check("a&b;c&ssl=true", false, false, &["a&b;c"]);
        check("abc, user=bob", false, false, &["abc"]);
        check("12, \"b\": 1}", false, true, &["12"]);
        check("\"a \\\" b\", \"c\"", false, true, &["a \\\" b"]);
        check("\\\"a b\\\", \\\"c\\\"", false, true, &["a b"]);
        check("\"open\nnext", false, true, &["open"]);
        check("null", true, false, &[]);
        check("\"\"\"\na \"b\"\nc\n\"\"\"\nnext", true, false, &["a \"b\"\nc"]);
        check("'''\nopen\nnext", true, false, &["open\nnext"]);
        check("[\"a\", 12, {\"k\": \"v\"}] tail", false, true, &["a", "12", "v"]);
        check("{\"k\": [\"v\", ", false, true, &["v"]);
    }
}
