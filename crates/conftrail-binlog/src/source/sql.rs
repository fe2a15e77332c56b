//! A light reading of SQL text: names, words and signs, without comments and literals.

/// A piece of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A bare word, as written.
    Word(String),
    /// A quoted name.
    Name(String),
    /// A literal; its content does not matter here.
    Literal,
    /// Anything else.
    Sign(char),
}

impl Token {
    /// Says whether this is a bare word, without regard to case.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }

    pub(super) fn is_sign(&self, sign: char) -> bool {
        *self == Self::Sign(sign)
    }
}

/// Splits a statement. What version comments (`/*!80000 … */`, MariaDB's `/*M!100000 … */`) hide counts as SQL.
pub(super) fn tokens(sql: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            space if space.is_whitespace() => &rest[first.len_utf8()..],
            '/' if rest.starts_with("/*!") => rest[3..].trim_start_matches(|c: char| c.is_ascii_digit()),
            '/' if rest.starts_with("/*M!") => rest[4..].trim_start_matches(|c: char| c.is_ascii_digit()),
            '/' if rest.starts_with("/*") => behind(rest, "*/"),
            '*' if rest.starts_with("*/") => &rest[2..],
            '#' => behind(rest, "\n"),
            '-' if is_dash_comment(rest) => behind(rest, "\n"),
            '\'' | '"' => {
                found.push(Token::Literal);
                quoted(rest, first, true).1
            }
            '`' => {
                let (name, rest) = quoted(rest, '`', false);
                found.push(Token::Name(name));
                rest
            }
            letter if is_word(letter) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                found.push(Token::Word(rest[..end].to_owned()));
                &rest[end..]
            }
            sign => {
                found.push(Token::Sign(sign));
                &rest[sign.len_utf8()..]
            }
        };
    }
    found
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}

fn is_dash_comment(text: &str) -> bool {
    text.strip_prefix("--").is_some_and(|rest| rest.chars().next().is_none_or(char::is_whitespace))
}

/// What follows the first `end`, or nothing.
fn behind<'a>(text: &'a str, end: &str) -> &'a str {
    text.find(end).and_then(|at| text.get(at + end.len()..)).unwrap_or_default()
}

/// Reads a quoted piece whose quote, doubled, stands for itself; returns its content and what follows.
fn quoted(text: &str, quote: char, escapes: bool) -> (String, &str) {
    let mut content = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' && escapes {
            content.extend(characters.next().map(|(_, escaped)| escaped));
        } else if character != quote {
            content.push(character);
        } else if characters.next_if(|(_, next)| *next == quote).is_some() {
            content.push(quote);
        } else {
            return (content, &text[at + quote.len_utf8()..]);
        }
    }
    (content, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_hide_nothing_and_show_nothing() {
        let words = |sql: &str| -> Vec<String> {
            tokens(sql)
                .into_iter()
                .map(|token| match token {
                    Token::Word(word) => word,
                    Token::Name(name) => format!("`{name}`"),
                    Token::Literal => "?".into(),
                    Token::Sign(sign) => sign.to_string(),
                })
                .collect()
        };
        assert_eq!(words("/* a */ drop -- x\n table # y\n t"), ["drop", "table", "t"]);
        assert_eq!(words("/*!50000 CREATE */ x /*! y*/"), ["CREATE", "x", "y"]);
        assert_eq!(words("/*M!100101 CREATE*/ x"), ["CREATE", "x"]);
        assert_eq!(
            words("set a='it''s \\' b' , `c``d`=\"e\""),
            ["set", "a", "=", "?", ",", "`c`d`", "=", "?"]
        );
        assert_eq!(words("a--1 /* open"), ["a", "-", "-", "1"]);
        assert_eq!(words("'open"), ["?"]);
        assert_eq!(words("表1.名"), ["表1", ".", "名"]);
    }
}
