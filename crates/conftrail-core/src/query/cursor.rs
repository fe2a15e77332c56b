//! Reads words, quoted phrases and signs from a query's text.

use std::ops::Range;

use crate::query::{Pattern, QueryError};

/// What ends a word that is not quoted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// A field name or a bare word: `:`, `<` and `>` end it, too.
    Start,
    /// A field's value: `:`, `<` and `>` are part of it (`mysql:orders-db/…`, `10:00:00`).
    Value,
}

/// A word or phrase and where it stands.
#[derive(Debug)]
pub(crate) struct Word<'t> {
    pub(crate) pattern: Pattern,
    /// As it is written, escapes and quotes included.
    pub(crate) raw: &'t str,
    pub(crate) span: Range<usize>,
}

impl Word<'_> {
    pub(crate) fn is_quoted(&self) -> bool {
        self.raw.starts_with('"')
    }
}

/// A place in the text; always at a character's start.
#[derive(Clone)]
pub(crate) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes a sign if it is next.
    pub(crate) fn take(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    /// Takes `and`, `or` or `not` in any case if it is next and a word of its own.
    pub(crate) fn take_keyword(&mut self, keyword: &str) -> bool {
        let Some((word, after)) = self.rest().split_at_checked(keyword.len()) else { return false };
        let ends =
            after.chars().next().is_none_or(|next| next.is_whitespace() || matches!(next, '(' | ')' | '"'));
        let found = ends && word.eq_ignore_ascii_case(keyword);
        if found {
            self.at += keyword.len();
        }
        found
    }

    pub(crate) fn error(&self, span: Range<usize>, message: impl Into<String>) -> QueryError {
        QueryError::new(self.text, span, message)
    }

    /// Returns an error about the next character, or about the end.
    pub(crate) fn error_here(&self, message: impl Into<String>) -> QueryError {
        let length = self.peek().map_or(0, char::len_utf8);
        self.error(self.at..self.at + length, message)
    }

    /// Takes a word or a quoted phrase; an empty word when the next character starts neither.
    pub(crate) fn word(&mut self, context: Context) -> Result<Word<'t>, QueryError> {
        if self.peek() == Some('"') { self.phrase() } else { self.bare(context) }
    }

    fn bare(&mut self, context: Context) -> Result<Word<'t>, QueryError> {
        let start = self.at;
        let mut parts = vec![String::new()];
        while let Some(character) = self.peek() {
            let ends = match character {
                '(' | ')' | '"' => true,
                ':' | '<' | '>' => context == Context::Start,
                other => other.is_whitespace(),
            };
            if ends {
                break;
            }
            self.at += character.len_utf8();
            match character {
                '*' => parts.push(String::new()),
                '\\' => self.escaped(&mut parts)?,
                plain => push(&mut parts, plain),
            }
        }
        let span = start..self.at;
        if !span.is_empty() && matches!(self.peek(), Some('(' | '"')) {
            return Err(self.error_here("put a space before this, or a \\ if it is part of the word"));
        }
        Ok(self.made(parts, span))
    }

    fn phrase(&mut self) -> Result<Word<'t>, QueryError> {
        let start = self.at;
        self.at += 1;
        let mut parts = vec![String::new()];
        while let Some(character) = self.peek() {
            self.at += character.len_utf8();
            match character {
                '"' => {
                    let span = start..self.at;
                    if self.peek().is_some_and(|next| !next.is_whitespace() && !matches!(next, ')' | ':')) {
                        return Err(self.error_here("put a space after the closing quote"));
                    }
                    return Ok(self.made(parts, span));
                }
                '\\' => self.escaped(&mut parts)?,
                plain => push(&mut parts, plain),
            }
        }
        Err(self.error(start..start + 1, "this quote is never closed"))
    }

    fn made(&self, parts: Vec<String>, span: Range<usize>) -> Word<'t> {
        Word { pattern: Pattern::from_parts(parts), raw: self.text.get(span.clone()).unwrap_or(""), span }
    }

    /// Takes the character after a backslash as it is.
    fn escaped(&mut self, parts: &mut [String]) -> Result<(), QueryError> {
        let Some(character) = self.peek() else {
            return Err(self.error(self.at - 1..self.at, "a \\ needs a character after it"));
        };
        self.at += character.len_utf8();
        push(parts, character);
        Ok(())
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }
}

fn push(parts: &mut [String], character: char) {
    if let Some(part) = parts.last_mut() {
        part.push(character);
    }
}
