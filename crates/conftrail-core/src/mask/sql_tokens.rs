//! Splits SQL text into tokens, as MySQL reads it; text cut short ends its last token.

use std::ops::Range;

/// The kinds of tokens that masking tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword or a bare name.
    Word,
    /// A name in backticks.
    Name,
    /// A string literal, with `x'…'`, `b'…'` and `n'…'`.
    Text,
    /// A number, `0x…` included.
    Number,
    /// A comment.
    Comment,
    /// An operator or punctuation.
    Sign,
}

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) range: Range<usize>,
    /// Without quotes or comment signs.
    pub(crate) inner: Range<usize>,
}

/// How a statement is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// Whether `\` escapes within literals.
    pub(crate) backslash_escapes: bool,
    /// Whether what `/*!80000 … */` and MariaDB's `/*M!100000 … */` hide from other servers stands among the rest.
    pub(crate) opens_comments: bool,
    /// Whether the statement goes on behind the text.
    pub(crate) is_cut: bool,
}

/// Splits a statement.
pub(crate) fn tokens(sql: &str, reading: Reading) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut is_inside = false;
    while let Some(rest) = sql.get(at..)
        && let Some(first) = rest.chars().next()
    {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        if let Some(signs) = version_comment(rest, is_inside).filter(|_| reading.opens_comments) {
            is_inside = !is_inside;
            at += signs;
            continue;
        }
        let (kind, open, len, close) = token(rest, first, reading);
        let end = at + len;
        tokens.push(Token { kind, range: at..end, inner: at + open..(end - close).max(at + open) });
        at = end;
    }
    tokens
}

/// Returns the length of the signs that open a version comment, or close it.
fn version_comment(rest: &str, is_inside: bool) -> Option<usize> {
    if is_inside {
        return rest.starts_with("*/").then_some(2);
    }
    let inside = rest.strip_prefix("/*!").or_else(|| rest.strip_prefix("/*M!"))?;
    let behind_number = inside.trim_start_matches(|character: char| character.is_ascii_digit());
    Some(rest.len() - behind_number.len())
}

/// Returns the kind, the length of the opening, the whole length and the length of the closing.
fn token(rest: &str, first: char, reading: Reading) -> (Kind, usize, usize, usize) {
    if rest.starts_with("/*") {
        let found = rest.get(2..).and_then(|body| body.find("*/"));
        return match found {
            Some(len) => (Kind::Comment, 2, len + 4, 2),
            None => (Kind::Comment, 2, rest.len(), 0),
        };
    }
    let is_dashes = rest.starts_with("--")
        && rest.get(2..).is_none_or(|tail| !tail.starts_with(|c: char| !c.is_whitespace()));
    if first == '#' || is_dashes {
        return (Kind::Comment, if first == '#' { 1 } else { 2 }, rest.find('\n').unwrap_or(rest.len()), 0);
    }
    if "xXbBnN".contains(first) && rest.get(1..).is_some_and(|tail| tail.starts_with('\'')) {
        let (_, _, len, close) = quoted(rest.get(1..).unwrap_or_default(), '\'', reading);
        return (Kind::Text, 2, len + 1, close);
    }
    match first {
        '\'' | '"' | '`' => quoted(rest, first, reading),
        '0'..='9' => (Kind::Number, 0, run(rest, |c| c.is_ascii_alphanumeric() || c == '.'), 0),
        _ if is_word(first) => (Kind::Word, 0, run(rest, is_word), 0),
        _ => {
            let signs = ["->>", "<=>", "->", ":=", "<>", "!=", "<=", ">="];
            let known = signs
                .iter()
                .find(|sign| rest.starts_with(**sign))
                .map_or(first.len_utf8(), |sign| sign.len());
            (Kind::Sign, 0, known, 0)
        }
    }
}

fn quoted(rest: &str, quote: char, reading: Reading) -> (Kind, usize, usize, usize) {
    let kind = if quote == '`' { Kind::Name } else { Kind::Text };
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' && quote != '`' && reading.backslash_escapes {
            characters.next();
        } else if character == quote {
            if characters.peek().is_some_and(|(_, next)| *next == quote) {
                characters.next();
            } else {
                return (kind, 1, at + 1, 1);
            }
        }
    }
    (kind, 1, rest.len(), 0)
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

fn run(rest: &str, belongs: impl Fn(char) -> bool) -> usize {
    rest.find(|character: char| !belongs(character)).unwrap_or(rest.len())
}

/// Returns a string literal's value.
pub(crate) fn unescape(inner: &str, reading: Reading) -> String {
    let mut value = String::with_capacity(inner.len());
    let mut characters = inner.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if reading.backslash_escapes => match characters.next() {
                Some('n') => value.push('\n'),
                Some('t') => value.push('\t'),
                Some('r') => value.push('\r'),
                Some('0') => value.push('\0'),
                Some(other) => value.push(other),
                None => {}
            },
            '\'' if characters.peek() == Some(&'\'') => {
                characters.next();
                value.push('\'');
            }
            '"' if characters.peek() == Some(&'"') => {
                characters.next();
                value.push('"');
            }
            other => value.push(other),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Reading = Reading { backslash_escapes: true, opens_comments: false, is_cut: false };

    #[test]
    fn what_a_version_comment_hides_is_read_with_the_rest_or_as_a_comment() {
        let sql = "/*!50000 a '*/' */ b /*M!100101c*/ */";
        let texts = |reading: Reading| -> Vec<&str> {
            tokens(sql, reading).iter().map(|token| &sql[token.range.clone()]).collect()
        };
        let opened = Reading { opens_comments: true, ..USUAL };
        assert_eq!(texts(opened), ["a", "'*/'", "b", "c", "*", "/"]);
        assert_eq!(texts(USUAL)[0], "/*!50000 a '*/");
    }

    #[test]
    fn a_backslash_is_a_letter_where_the_session_says_so() {
        let plain = Reading { backslash_escapes: false, ..USUAL };
        assert_eq!(tokens(r"'a\' b", plain).len(), 2);
        assert_eq!(tokens(r"'a\' b", USUAL).len(), 1);
        assert_eq!(unescape(r"a\n''", plain), r"a\n'");
    }

    #[test]
    fn every_literal_and_comment_is_one_token() {
        let sql = "SET `a``b`='it''s \\' x', c=x'6162' -- end\n/* k */ d->>'$.e' = 0xAB # tail";
        let texts: Vec<(Kind, &str)> =
            tokens(sql, USUAL).iter().map(|token| (token.kind, &sql[token.inner.clone()])).collect();
        assert!(texts.contains(&(Kind::Text, "it''s \\' x")));
        assert!(texts.contains(&(Kind::Text, "6162")));
        assert!(texts.contains(&(Kind::Name, "a``b")));
        assert!(texts.contains(&(Kind::Comment, " end")));
        assert!(texts.contains(&(Kind::Number, "0xAB")));
        assert!(texts.contains(&(Kind::Sign, "->>")));
        assert_eq!(unescape("it''s \\' x", USUAL), "it's ' x");
        for cut in ["'open", "/* open", "'\\"] {
            assert_eq!(tokens(cut, USUAL).len(), 1);
        }
    }
}
