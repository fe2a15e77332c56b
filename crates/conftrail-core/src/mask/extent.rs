//! Where the value of a secret name ends, in text of no known format.

use std::ops::Range;

use super::random::looks_random;

/// How far a closing quote or bracket is looked for, in bytes.
const REACH: usize = 16 * 1024;

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
pub(crate) fn value(text: &str, at: usize, place: Place, found: &mut Vec<Range<usize>>) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    if let Some(end) = quoted(rest, at, found) {
        return end;
    }
    if rest.starts_with(['{', '[']) {
        return nested(text, at, found);
    }
    let end = at + bare_len(rest, place);
    push_trimmed(text, at..end, found);
    end
}

/// Adds a value in quotes, plain or escaped, without the quotes.
fn quoted(rest: &str, at: usize, found: &mut Vec<Range<usize>>) -> Option<usize> {
    let slashes = rest.len() - rest.trim_start_matches('\\').len();
    let quote = rest.get(slashes..)?.chars().next().filter(|quote| "\"'`".contains(*quote))?;
    let open = slashes + quote.len_utf8();
    let body = rest.get(open..)?;
    let len = closing(body, quote, slashes).unwrap_or_else(|| line_len(body));
    if !is_open_word(body.get(..len).unwrap_or_default()) {
        found.push(at + open..at + open + len);
    }
    Some(at + open + len)
}

/// Returns the length up to the closing quote, which has as many backslashes before it as the opening one.
fn closing(body: &str, quote: char, slashes: usize) -> Option<usize> {
    let mut run = 0;
    for (at, character) in body.char_indices().take_while(|(at, _)| *at < REACH) {
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

/// Adds every scalar between brackets, names left out; without a closing bracket until the text's reach ends.
fn nested(text: &str, at: usize, found: &mut Vec<Range<usize>>) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let mut depth = 0_u32;
    let mut skip_to = 0;
    for (offset, character) in rest.char_indices().take_while(|(offset, _)| *offset < REACH) {
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
    at + rest.len().min(REACH)
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

fn bare_len(rest: &str, place: Place) -> usize {
    let line = rest.get(..line_len(rest)).unwrap_or_default();
    if place.in_flow {
        return line.find([',', '}', ']', '"', '\'']).unwrap_or(line.len());
    }
    if place.leads_line || place.colon {
        return continued_len(rest);
    }
    for (at, character) in line.char_indices() {
        let after = line.get(at + character.len_utf8()..).unwrap_or_default();
        let ends = match character {
            '"' | '\'' | '`' | '<' | '>' => true,
            ';' | '&' | ',' | ')' | ']' | '}' | '|' => ends_pair(after),
            '，' | '。' | '；' | '、' | '）' | '」' | '”' => true,
            _ => character.is_whitespace(),
        };
        if ends {
            return at;
        }
    }
    line.len()
}

/// Says whether a separator really ends a value: another pair, a bracket, white space or the end follows.
fn ends_pair(after: &str) -> bool {
    let trimmed = after.trim_start_matches(['&', ';', ',', ')', ']', '}']);
    if trimmed.is_empty() || trimmed.starts_with([' ', '\t', '"', '\'', '<', '`']) {
        return true;
    }
    let name_len =
        trimmed.find(|character: char| !(character.is_alphanumeric() || "_.-[]".contains(character)));
    name_len.is_some_and(|len| {
        len > 0 && trimmed.get(len..).is_some_and(|rest| rest.starts_with(['=', ':', ' ']))
    })
}

/// Returns the length of a line together with the lines it continues on after a backslash.
fn continued_len(rest: &str) -> usize {
    let mut end = 0;
    loop {
        let line = line_len(rest.get(end..).unwrap_or_default());
        end += line;
        let text = rest.get(..end).unwrap_or_default();
        let slashes = text.len() - text.trim_end_matches('\\').len();
        if slashes % 2 == 0 || end >= rest.len() {
            return end;
        }
        end += if rest.get(end..).is_some_and(|next| next.starts_with("\r\n")) { 2 } else { 1 };
    }
}

/// Returns the length up to the line's end.
pub(crate) fn line_len(text: &str) -> usize {
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
        value(text, 0, Place { leads_line, in_flow, colon: false }, &mut found);
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
        check("[\"a\", 12, {\"k\": \"v\"}] tail", false, true, &["a", "12", "v"]);
        check("{\"k\": [\"v\", ", false, true, &["v"]);
    }
}
