//! Where and why a query does not parse.

use std::ops::Range;

/// Says why a text is no query, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} column {column}: {message}")]
pub struct QueryError {
    message: String,
    span: Range<usize>,
    line: usize,
    column: usize,
    /// The line of the query that the error is in.
    excerpt: String,
}

/// Longest part of a line that is shown, in characters.
const LONGEST_EXCERPT: usize = 160;

impl QueryError {
    /// Makes an error about the bytes `span` of `text`.
    pub(crate) fn new(text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let excerpt = text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or("");
        Self {
            message: message.into(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or("").chars().count() + 1,
            excerpt: excerpt.to_owned(),
            span,
        }
    }

    /// Returns what is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the bytes of the query that are wrong; an empty range at the end means that something is missing.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Returns the line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns the column in characters, from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// Returns the line that is wrong with a caret under the place, for people.
    pub fn caret(&self) -> String {
        let skipped = (self.column - 1).saturating_sub(LONGEST_EXCERPT / 2);
        let shown: String = self.excerpt.chars().skip(skipped).take(LONGEST_EXCERPT).collect();
        let indent: usize = shown.chars().take(self.column - 1 - skipped).map(width).sum();
        let wrong = self.span.end.saturating_sub(self.span.start);
        let marked = shown.chars().skip(self.column - 1 - skipped);
        let mut bytes = 0;
        let mut carets = 0;
        for character in marked {
            if bytes >= wrong {
                break;
            }
            bytes += character.len_utf8();
            carets += width(character);
        }
        format!("{shown}\n{}{}", " ".repeat(indent), "^".repeat(carets.max(1)))
    }
}

/// How many cells a character takes on a terminal.
fn width(character: char) -> usize {
    if crate::text::is_cjk(character) || matches!(character, '\u{FF01}'..='\u{FF60}') { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_counts_characters_and_the_caret_counts_cells() {
        let text = "env:prod\n超时 enw:x";
        let at = text.find("enw").unwrap();
        let error = QueryError::new(text, at..at + 3, "unknown field");
        assert_eq!(error.to_string(), "line 2 column 4: unknown field");
        assert_eq!(error.caret(), "超时 enw:x\n     ^^^");
    }

    #[test]
    fn an_error_at_the_end_points_behind_the_last_character() {
        assert_eq!(QueryError::new("env:", 4..4, "missing").caret(), "env:\n    ^");
    }

    #[test]
    fn a_long_line_is_shown_around_the_place() {
        let text = format!("{}!", "x".repeat(5000));
        let error = QueryError::new(&text, 5000..5001, "bad");
        assert_eq!(error.column(), 5001);
        assert!(error.caret().len() < 400);
    }
}
