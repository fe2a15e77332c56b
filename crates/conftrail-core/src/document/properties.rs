//! Java properties: `key = value`, with continuations and escapes (java.util.Properties, `load`).

use std::borrow::Cow;
use std::ops::Range;

use super::tree::{Node, Scalar, Style, Tree, Unparsed};

/// Parses a document; nearly every text is one, so callers decide by name.
pub(crate) fn parse(text: &str) -> Result<Tree, Unparsed> {
    let mut tree = Tree { is_flat: true, ..Tree::default() };
    let mut entries = Vec::new();
    let mut at = text.len() - text.trim_start_matches('\u{feff}').len();
    while at < text.len() {
        let rest = text.get(at..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\u{c}', '\r', '\n']).len();
        if blank > 0 {
            at += blank;
            continue;
        }
        if rest.starts_with(['#', '!']) {
            at += rest.find(['\r', '\n']).unwrap_or(rest.len());
            continue;
        }
        let end = at + logical_line_len(rest);
        let key = at..at + key_len(text.get(at..end).unwrap_or_default());
        let value = value_start(text, key.end, end)..end;
        at = end;
        let key = tree.add(scalar(text, key, Style::PropertyKey))?;
        entries.push((key, tree.add(scalar(text, value, Style::PropertyValue))?));
    }
    let root = tree.add(Node::Map(entries))?;
    tree.roots.push(root);
    Ok(tree)
}

/// Writes a value so that it reads back as the same: in ASCII where the original was.
pub(crate) fn escape(value: &str, style: Style, original: &str) -> String {
    let in_ascii = original.is_ascii() && original.contains("\\u");
    let mut escaped = String::with_capacity(value.len());
    for (at, character) in value.chars().enumerate() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '\u{c}' => escaped.push_str("\\f"),
            ' ' if at == 0 || style == Style::PropertyKey => escaped.push_str("\\ "),
            ':' | '=' | '#' | '!' if style == Style::PropertyKey => escaped.extend(['\\', character]),
            _ if in_ascii && !character.is_ascii() => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    escaped.push_str(&format!("\\u{unit:04x}"));
                }
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Returns the length of a line with the lines it continues on, without the last line break.
fn logical_line_len(rest: &str) -> usize {
    let mut slashes = 0;
    let mut characters = rest.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => slashes += 1,
            '\r' | '\n' if slashes % 2 == 0 => return at,
            '\r' if characters.peek().is_some_and(|(_, next)| *next == '\n') => {}
            _ => slashes = 0,
        }
    }
    rest.len()
}

/// Returns the length up to the first separator that no backslash precedes.
fn key_len(line: &str) -> usize {
    let mut is_escaped = false;
    for (at, character) in line.char_indices() {
        if !is_escaped && matches!(character, '=' | ':' | ' ' | '\t' | '\u{c}') {
            return at;
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    line.len()
}

fn value_start(text: &str, key_end: usize, end: usize) -> usize {
    let rest = text.get(key_end..end).unwrap_or_default();
    let blank = [' ', '\t', '\u{c}'];
    let trimmed = rest.trim_start_matches(blank);
    let value = trimmed.strip_prefix(['=', ':']).unwrap_or(trimmed).trim_start_matches(blank);
    end - value.len()
}

fn scalar(text: &str, span: Range<usize>, style: Style) -> Node {
    let content = unescape(text.get(span.clone()).unwrap_or_default());
    Node::Scalar(Scalar::of_text(span, style, content))
}

/// Returns what a key or value says.
pub(crate) fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut units: Vec<u16> = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(character) = rest.chars().next() {
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
        if character != '\\' {
            units.extend(character.encode_utf16(&mut [0; 2]).iter());
            continue;
        }
        let Some(escaped) = rest.chars().next() else { break };
        rest = rest.get(escaped.len_utf8()..).unwrap_or_default();
        match escaped {
            'n' => units.push(u16::from(b'\n')),
            't' => units.push(u16::from(b'\t')),
            'r' => units.push(u16::from(b'\r')),
            'f' => units.push(0xc),
            'u' => match rest.get(..4).and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
                Some(unit) => {
                    units.push(unit);
                    rest = rest.get(4..).unwrap_or_default();
                }
                None => units.push(u16::from(b'u')),
            },
            '\r' | '\n' => {
                // A continued line: its break and the white space before its first character do not count.
                rest = rest.strip_prefix('\n').filter(|_| escaped == '\r').unwrap_or(rest);
                rest = rest.trim_start_matches([' ', '\t', '\u{c}']);
            }
            other => units.extend(other.encode_utf16(&mut [0; 2]).iter()),
        }
    }
    Cow::Owned(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_read_as_java_reads_them() {
        let text = "# c\na=1\nb : two words \nc 3\nd\\ e\\:f=x\\\n   y\n! c\ng=\\u4e2d\\u6587\\n\n\nh\ni=\r\nj==k\\\\\nl=\\uD83D\\uDE00";
        let value = parse(text).unwrap().value().unwrap();
        let map = value.as_map().unwrap();
        let pairs: Vec<(&str, &str)> =
            map.iter().map(|(name, value)| (&**name, value.as_text().unwrap())).collect();
        assert_eq!(
            pairs,
            [
                ("a", "1"),
                ("b", "two words "),
                ("c", "3"),
                ("d e:f", "xy"),
                ("g", "中文\n"),
                ("h", ""),
                ("i", ""),
                ("j", "=k\\"),
                ("l", "😀"),
            ]
        );
    }

    #[test]
    fn escaped_text_reads_back_as_the_same() {
        for value in ["a b", " lead", "a=b:c#!", "中文\n\t\\", "😀"] {
            for original in ["x", "\\u0041"] {
                for style in [Style::PropertyKey, Style::PropertyValue] {
                    assert_eq!(unescape(&escape(value, style, original)), value);
                }
            }
        }
    }
}
