//! Tokens of matchers.

use super::MatcherError;

/// A token, and where it begins and ends in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Close,
    Comma,
    /// `=`, `!=`, `=~`, `!~`: whether it is an equality, and whether of regular expressions.
    Operator {
        is_equal: bool,
        is_regex: bool,
    },
    /// A label's name or a value, escapes resolved.
    Word(String),
}

impl Kind {
    /// Names the token in an error.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Open => "`{`".to_owned(),
            Self::Close => "`}`".to_owned(),
            Self::Comma => "`,`".to_owned(),
            Self::Operator { is_equal, is_regex } => format!("`{}`", operator(*is_equal, *is_regex)),
            Self::Word(word) => format!("`{word}`"),
        }
    }
}

/// Returns an operator as it is written.
pub(super) fn operator(is_equal: bool, is_regex: bool) -> &'static str {
    match (is_equal, is_regex) {
        (true, false) => "=",
        (false, false) => "!=",
        (true, true) => "=~",
        (false, true) => "!~",
    }
}

/// What an unquoted word cannot hold.
fn is_reserved(c: char) -> bool {
    c.is_whitespace() || "{}!=~,\\\"'`".contains(c)
}

/// Splits a text into tokens.
///
/// # Errors
/// A character that begins no token, or a quoted word without an end or with an unknown escape.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, MatcherError> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = characters.get(at) {
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        let (kind, length) = match c {
            '{' => (Kind::Open, 1),
            '}' => (Kind::Close, 1),
            ',' => (Kind::Comma, 1),
            '=' | '!' => operator_at(&characters, at)?,
            '"' => quoted(&characters, at)?,
            c if is_reserved(c) => {
                return Err(MatcherError {
                    offset: at,
                    message: format!("`{c}` must stand in double quotes"),
                });
            }
            _ => {
                let word: String = characters[at..].iter().take_while(|c| !is_reserved(**c)).collect();
                let length = word.chars().count();
                (Kind::Word(word), length)
            }
        };
        tokens.push(Token { kind, at });
        at += length;
    }
    Ok(tokens)
}

fn operator_at(characters: &[char], at: usize) -> Result<(Kind, usize), MatcherError> {
    let is_equal = characters[at] == '=';
    match (is_equal, characters.get(at + 1)) {
        (_, Some('~')) => Ok((Kind::Operator { is_equal, is_regex: true }, 2)),
        (false, Some('=')) => Ok((Kind::Operator { is_equal, is_regex: false }, 2)),
        (true, _) => Ok((Kind::Operator { is_equal, is_regex: false }, 1)),
        (false, _) => Err(MatcherError { offset: at, message: "after `!` comes `=` or `~`".to_owned() }),
    }
}

/// Reads a quoted word with the escapes of Go's double-quoted strings.
fn quoted(characters: &[char], start: usize) -> Result<(Kind, usize), MatcherError> {
    let mut word = String::new();
    let mut at = start + 1;
    loop {
        match characters.get(at) {
            None | Some('\n') => {
                let message = "the quoted text has no closing `\"`".to_owned();
                return Err(MatcherError { offset: start, message });
            }
            Some('"') => return Ok((Kind::Word(word), at + 1 - start)),
            Some('\\') => {
                let (c, length) = escape(&characters[at + 1..]).ok_or_else(|| MatcherError {
                    offset: at,
                    message:
                        "this is no escape: write \\\\ for a backslash, \\\" for a quote, \\n, \\t, \\u00e9"
                            .to_owned(),
                })?;
                word.push(c);
                at += 1 + length;
            }
            Some(c) => {
                word.push(*c);
                at += 1;
            }
        }
    }
}

/// Returns what stands after a backslash, and how many characters it takes.
fn escape(after: &[char]) -> Option<(char, usize)> {
    let simple = match after.first()? {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' => '\\',
        '"' => '"',
        'u' => return hexadecimal(after, 4),
        'U' => return hexadecimal(after, 8),
        // A byte beyond ASCII alone would be no UTF-8.
        'x' => return hexadecimal(after, 2).filter(|(c, _)| c.is_ascii()),
        _ => return None,
    };
    Some((simple, 1))
}

fn hexadecimal(after: &[char], digits: usize) -> Option<(char, usize)> {
    let text: String = after.get(1..=digits)?.iter().collect();
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let c = char::from_u32(u32::from_str_radix(&text, 16).ok()?)?;
    Some((c, digits + 1))
}
