//! The parser, with its limits: a query comes from a stranger.

use std::ops::Range;

use crate::query::cursor::{Context, Cursor, Word};
use crate::query::{Comparison, Date, Field, Leaf, Number, Operand, Query, QueryError, Words};

/// Longest query in bytes.
pub const LONGEST_QUERY: usize = 64 * 1024;
/// Most tests in one query.
pub const MOST_LEAVES: usize = 4096;
/// Deepest nesting of parentheses and `not`.
pub const DEEPEST_NESTING: usize = 64;

impl Query {
    /// Parses a query (docs/query.md).
    ///
    /// # Errors
    /// [`QueryError`] with the place, for everything that is not a query: unknown fields, values that cannot be
    /// meant, and queries beyond the limits.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let mut parser = Parser { cursor: Cursor::new(text), leaves: 0, depth: 0 };
        if text.len() > LONGEST_QUERY {
            let message = format!("the query is longer than {LONGEST_QUERY} bytes");
            return Err(parser.cursor.error(0..0, message));
        }
        let query = parser.or()?;
        match parser.cursor.peek() {
            None => Ok(query),
            Some(_) => Err(parser.cursor.error_here("this parenthesis was never opened")),
        }
    }
}

impl std::str::FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        Self::parse(text)
    }
}

struct Parser<'t> {
    cursor: Cursor<'t>,
    leaves: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn or(&mut self) -> Result<Query, QueryError> {
        let mut alternatives = vec![self.and()?];
        while self.cursor.take_keyword("or") {
            alternatives.push(self.and()?);
        }
        Ok(Query::or(alternatives))
    }

    fn and(&mut self) -> Result<Query, QueryError> {
        let mut all = vec![self.not()?];
        loop {
            self.cursor.skip_space();
            let at_or = self.cursor.clone().take_keyword("or");
            if at_or || matches!(self.cursor.peek(), None | Some(')')) {
                return Ok(Query::and(all));
            }
            self.cursor.take_keyword("and");
            all.push(self.not()?);
        }
    }

    fn not(&mut self) -> Result<Query, QueryError> {
        self.cursor.skip_space();
        let start = self.cursor.at();
        if self.cursor.take_keyword("not") {
            self.descend(start)?;
            let inner = self.not()?;
            self.depth -= 1;
            return Ok(Query::Not(Box::new(inner)));
        }
        if self.cursor.take("(") {
            self.descend(start)?;
            let inner = self.or()?;
            self.depth -= 1;
            return if self.cursor.take(")") { Ok(inner) } else { Err(self.unclosed(start)) };
        }
        self.leaf()
    }

    fn descend(&mut self, start: usize) -> Result<(), QueryError> {
        self.depth += 1;
        if self.depth <= DEEPEST_NESTING {
            return Ok(());
        }
        let message = format!("nested deeper than {DEEPEST_NESTING} levels");
        Err(self.cursor.error(start..start + 1, message))
    }

    fn unclosed(&self, start: usize) -> QueryError {
        self.cursor.error(start..start + 1, "this parenthesis is never closed")
    }

    fn leaf(&mut self) -> Result<Query, QueryError> {
        for keyword in ["and", "or"] {
            if self.cursor.clone().take_keyword(keyword) {
                let message =
                    format!("`{keyword}` needs something before it; quote the word to search for it");
                return Err(self.cursor.error_here(message));
            }
        }
        let word = self.cursor.word(Context::Start)?;
        self.cursor.skip_space();
        match self.cursor.peek() {
            Some(':') => self.field_values(&word),
            Some('<' | '>') => self.comparison(&word),
            _ => self.bare(word),
        }
    }

    fn bare(&mut self, word: Word<'t>) -> Result<Query, QueryError> {
        if word.span.is_empty() {
            let message = "expected a word, a \"phrase\" or field:value; * alone matches every event";
            return Err(self.cursor.error_here(message));
        }
        self.count(&word.span)?;
        if word.pattern.is_any() {
            return Ok(Query::All);
        }
        // An escaped sign is meant as it stands.
        if let Some((name, _)) = word.raw.split_once('=')
            && !name.ends_with('\\')
            && Field::named(name).is_some()
        {
            return Err(self.cursor.error(word.span, format!("write {name}:value, with a colon")));
        }
        match Words::new(word.pattern) {
            Some(words) => Ok(Query::Leaf(Leaf::Text(words))),
            None => Err(self.cursor.error(word.span, "there is no letter or digit to search for")),
        }
    }

    fn field(&self, word: &Word<'t>) -> Result<Field, QueryError> {
        if word.span.is_empty() {
            return Err(self.cursor.error_here("expected a field name before this"));
        }
        if word.is_quoted() {
            return Err(self.cursor.error(word.span.clone(), "a field name is not quoted"));
        }
        let Some(name) = word.pattern.as_literal() else {
            return Err(self.cursor.error(word.span.clone(), "a field name has no wildcards"));
        };
        let Some(field) = Field::named(name) else {
            let meant = match Field::nearest(name) {
                Some(prefix) if prefix.ends_with('.') => format!("did you mean {prefix}<path>?"),
                Some(known) => format!("did you mean {known}?"),
                None => "quote the text to search for it".to_owned(),
            };
            return Err(self.cursor.error(word.span.clone(), format!("unknown field `{name}`; {meant}")));
        };
        Ok(field)
    }

    fn field_values(&mut self, word: &Word<'t>) -> Result<Query, QueryError> {
        let field = self.field(word)?;
        self.cursor.take(":");
        self.cursor.skip_space();
        let start = self.cursor.at();
        if !self.cursor.take("(") {
            return self.value(&field);
        }
        let mut values = Vec::new();
        loop {
            self.cursor.skip_space();
            values.push(self.value(&field)?);
            self.cursor.skip_space();
            if self.cursor.take(")") {
                return Ok(Query::or(values));
            }
            if self.cursor.peek().is_none() {
                return Err(self.unclosed(start));
            }
            if !self.cursor.take_keyword("or") {
                return Err(self.cursor.error_here("expected `or` or `)` between the values of a field"));
            }
        }
    }

    fn value(&mut self, field: &Field) -> Result<Query, QueryError> {
        let word = self.value_word()?;
        if word.pattern.is_any() {
            return Ok(Query::Leaf(Leaf::Present(field.clone())));
        }
        if word.raw.starts_with(['<', '>']) {
            return Err(self
                .cursor
                .error(word.span, format!("write {field} and the comparison without the colon")));
        }
        if field.is_time() {
            return Ok(Query::Leaf(Leaf::During(field.clone(), self.date(&word)?)));
        }
        Ok(Query::Leaf(Leaf::Is(field.clone(), word.pattern)))
    }

    fn comparison(&mut self, word: &Word<'t>) -> Result<Query, QueryError> {
        let field = self.field(word)?;
        let comparison = self.operator();
        self.cursor.skip_space();
        let operand = self.value_word()?;
        if field.is_time() {
            let date = Operand::Date(self.date(&operand)?);
            return Ok(Query::Leaf(Leaf::Compare(field, comparison, date)));
        }
        let Some(literal) = operand.pattern.as_literal() else {
            return Err(self.cursor.error(operand.span, "a comparison has no wildcards"));
        };
        let number = || Number::parse(literal).map(Operand::Number);
        let date = || Date::parse(literal).map(Operand::Date);
        let operand = number().or_else(date).unwrap_or_else(|| Operand::Other(literal.to_owned()));
        Ok(Query::Leaf(Leaf::Compare(field, comparison, operand)))
    }

    /// Takes the operator that `leaf` saw the first character of.
    fn operator(&mut self) -> Comparison {
        let less = self.cursor.take("<");
        if !less {
            self.cursor.take(">");
        }
        match (less, self.cursor.take("=")) {
            (true, false) => Comparison::Less,
            (true, true) => Comparison::LessOrEqual,
            (false, false) => Comparison::Greater,
            (false, true) => Comparison::GreaterOrEqual,
        }
    }

    fn value_word(&mut self) -> Result<Word<'t>, QueryError> {
        for keyword in ["and", "or", "not"] {
            if self.cursor.clone().take_keyword(keyword) {
                let message = format!("expected a value; quote `{keyword}` if it is one");
                return Err(self.cursor.error_here(message));
            }
        }
        let word = self.cursor.word(Context::Value)?;
        if word.span.is_empty() {
            return Err(self.cursor.error_here("expected a value; \"\" is the empty text, * any value"));
        }
        self.count(&word.span)?;
        Ok(word)
    }

    fn date(&self, word: &Word<'t>) -> Result<Date, QueryError> {
        let literal = word.pattern.as_literal().unwrap_or("");
        Date::parse(literal).ok_or_else(|| {
            let message =
                "a time is RFC 3339 (2026-11-20T10:00:00Z), yyyy-MM-dd, now, or now-N with m, h, d or w";
            self.cursor.error(word.span.clone(), message)
        })
    }

    fn count(&mut self, span: &Range<usize>) -> Result<(), QueryError> {
        self.leaves += 1;
        if self.leaves <= MOST_LEAVES {
            return Ok(());
        }
        Err(self.cursor.error(span.clone(), format!("more than {MOST_LEAVES} words and values")))
    }
}
