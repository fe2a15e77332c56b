//! A light reading of SQL text: names, words and signs, without comments and literals.

use std::borrow::Cow;

use crate::product::Product;

/// A statement is read up to here: longer ones list values, not names.
const MOST_TOKENS: usize = 200_000;

/// What decides how the server that wrote a statement had read it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grammar {
    /// Whether `\` escapes within literals, as the session's `sql_mode` says.
    pub(super) backslash_escapes: bool,
    pub(super) product: Product,
}

/// A piece of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A bare word, as written.
    Word(&'a str),
    /// A name in backquotes.
    Name(Cow<'a, str>),
    /// A literal. In double quotes it is a name where the session said ANSI_QUOTES.
    Literal { text: Cow<'a, str>, quote: char },
    /// Anything else.
    Sign(char),
}

impl Token<'_> {
    /// Says whether this is a bare word, without regard to case.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }

    /// Says whether this is one of these bare words.
    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    pub(super) fn is_sign(&self, sign: char) -> bool {
        *self == Self::Sign(sign)
    }

    /// The text where it can name an object; in a place where a name is expected, no literal can stand.
    pub(super) fn as_name(&self) -> Option<&str> {
        match self {
            Self::Word(text) => Some(text),
            Self::Name(text) | Self::Literal { text, quote: '"' } => Some(text),
            _ => None,
        }
    }
}

/// Splits a statement.
///
/// What a version comment (`/*!80000 … */`) hides counts as SQL: one that its server skipped was logged without the `!`.
/// MariaDB's own (`/*M!100000 … */`) is a plain comment to MySQL, which logs it as it is.
pub(super) fn tokens(sql: &str, grammar: Grammar) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next()
        && found.len() < MOST_TOKENS
    {
        rest = match first {
            space if space.is_whitespace() => &rest[first.len_utf8()..],
            '/' if rest.starts_with("/*") => match hidden(rest, grammar.product) {
                Some(inside) => inside,
                None => behind(rest.get(2..).unwrap_or_default(), "*/"),
            },
            '*' if rest.starts_with("*/") => &rest[2..],
            '#' => behind(rest, "\n"),
            '-' if is_dash_comment(rest) => behind(rest, "\n"),
            '\'' | '"' => {
                let (text, rest) = quoted(rest, first, grammar.backslash_escapes);
                found.push(Token::Literal { text, quote: first });
                rest
            }
            '`' => {
                let (name, rest) = quoted(rest, '`', false);
                found.push(Token::Name(name));
                rest
            }
            letter if is_word(letter) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                found.push(Token::Word(&rest[..end]));
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

/// Returns what stands behind the opening of a version comment.
fn hidden(comment: &str, product: Product) -> Option<&str> {
    let inside = match comment.strip_prefix("/*!") {
        Some(inside) => inside,
        None if product == Product::Mariadb => comment.strip_prefix("/*M!")?,
        None => return None,
    };
    Some(inside.trim_start_matches(|character: char| character.is_ascii_digit()))
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
fn quoted(text: &str, quote: char, escapes: bool) -> (Cow<'_, str>, &str) {
    let inner = text.get(quote.len_utf8()..).unwrap_or_default();
    let mut is_plain = true;
    let mut characters = inner.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' && escapes {
            is_plain = false;
            characters.next();
        } else if character == quote {
            if characters.next_if(|(_, next)| *next == quote).is_none() {
                let content = inner.get(..at).unwrap_or_default();
                return (unquoted(content, quote, escapes, is_plain), &inner[at + quote.len_utf8()..]);
            }
            is_plain = false;
        }
    }
    (unquoted(inner, quote, escapes, is_plain), "")
}

fn unquoted(content: &str, quote: char, escapes: bool, is_plain: bool) -> Cow<'_, str> {
    if is_plain {
        return Cow::Borrowed(content);
    }
    let mut text = String::with_capacity(content.len());
    let mut characters = content.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\\' && escapes {
            text.extend(characters.next());
            continue;
        }
        if character == quote {
            characters.next_if_eq(&quote);
        }
        text.push(character);
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grammar(product: Product) -> Grammar {
        Grammar { backslash_escapes: true, product }
    }

    fn words(sql: &str, grammar: Grammar) -> Vec<String> {
        tokens(sql, grammar)
            .into_iter()
            .map(|token| match token {
                Token::Word(word) => word.to_owned(),
                Token::Name(name) => format!("`{name}`"),
                Token::Literal { text, .. } => format!("<{text}>"),
                Token::Sign(sign) => sign.to_string(),
            })
            .collect()
    }

    #[test]
    fn comments_and_literals_hide_nothing_and_show_nothing() {
        let check = |sql: &str, expected: &[&str]| {
            assert_eq!(words(sql, grammar(Product::Mariadb)), expected, "{sql}");
        };
        check("/* a */ drop -- x\n table # y\n t", &["drop", "table", "t"]);
        check("/*!50000 CREATE */ x /*! y*/", &["CREATE", "x", "y"]);
        check("/*M!100101 CREATE*/ x", &["CREATE", "x"]);
        check("/*/ x */ y", &["y"]);
        check(
            "set a='it''s \\' b' , `c``d`=\"e\"",
            &["set", "a", "=", "<it's ' b>", ",", "`c`d`", "=", "<e>"],
        );
        check("a--1 /* open", &["a", "-", "-", "1"]);
        check("'open", &["<open>"]);
        check("表1.名", &["表1", ".", "名"]);
    }

    #[test]
    fn what_only_mariadb_would_execute_is_a_comment_to_mysql() {
        let hiding = "/*M!100000 FLUSH */ ALTER TABLE t";
        assert_eq!(words(hiding, grammar(Product::Mysql)), ["ALTER", "TABLE", "t"]);
        assert_eq!(words(hiding, grammar(Product::Mariadb))[0], "FLUSH");
    }

    #[test]
    fn a_backslash_escapes_where_the_session_says_so() {
        let plain = Grammar { backslash_escapes: false, product: Product::Mysql };
        assert_eq!(words(r"'a\' b", plain), [r"<a\>", "b"]);
        assert_eq!(words(r"'a\' b", grammar(Product::Mysql)), ["<a' b>"]);
        assert_eq!(words(r"`a\` b", grammar(Product::Mysql)), [r"`a\`", "b"]);
    }
}
