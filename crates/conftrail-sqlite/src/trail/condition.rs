//! A query as a condition on the columns of `events`: exactly where they say enough, else one that holds for every
//! match and more.

use conftrail_core::Timestamp;
use conftrail_core::query::{Comparison, Date, Field, Leaf, Operand, Pattern, Query};
use rusqlite::types::Value as Parameter;

use crate::trail::columns::{self, Column};
use crate::trail::words::{self, Match};

/// Most tests in a statement: SQLite's parser takes a depth of 1,000. What is left out is checked by the matcher.
pub(super) const MOST_TESTS: usize = 300;

/// A condition on a row `e` of `events`. No text means that it holds always.
pub(super) struct Condition {
    pub(super) sql: Option<String>,
    pub(super) parameters: Vec<Parameter>,
    /// How many tests it is made of.
    pub(super) tests: usize,
    /// Whether it holds for the matches only.
    pub(super) exact: bool,
}

impl Condition {
    fn exactly(sql: impl Into<String>, parameters: Vec<Parameter>) -> Self {
        Self { sql: Some(sql.into()), parameters, tests: 1, exact: true }
    }

    pub(super) fn always(exact: bool) -> Self {
        Self { sql: None, parameters: Vec::new(), tests: 0, exact }
    }

    fn never() -> Self {
        Self::exactly("0", Vec::new())
    }

    fn or_more(self) -> Self {
        Self { exact: false, ..self }
    }
}

/// Compiles a part of a query.
pub(super) fn condition(query: &Query, now: Timestamp) -> Condition {
    match query {
        Query::All => Condition::always(true),
        Query::And(queries) => {
            let parts = queries.iter().map(|query| condition(query, now)).collect();
            joined(parts, " AND ")
        }
        Query::Or(queries) => {
            if let Some(condition) = one_of(queries) {
                return condition;
            }
            let parts: Vec<Condition> = queries.iter().map(|query| condition(query, now)).collect();
            match parts.iter().find(|part| part.sql.is_none()) {
                Some(always) => Condition::always(always.exact),
                None => joined(parts, " OR "),
            }
        }
        Query::Not(inner) => match condition(inner, now) {
            // What holds for more than the matches says nothing about the others.
            Condition { exact: false, .. } => Condition::always(false),
            Condition { sql: None, .. } => Condition::never(),
            // A comparison with NULL is neither true nor false in SQL; here it is not true.
            Condition { sql: Some(sql), parameters, tests, .. } => {
                let condition = Condition::exactly(format!("({sql}) IS NOT TRUE"), parameters);
                Condition { tests, ..condition }
            }
        },
        Query::Leaf(leaf) => leaf_condition(leaf, now),
    }
}

fn joined(parts: Vec<Condition>, between: &str) -> Condition {
    let exact = parts.iter().all(|part| part.exact);
    let tests = parts.iter().map(|part| part.tests).sum();
    if tests > MOST_TESTS {
        return Condition::always(false);
    }
    let mut sql = Vec::new();
    let mut parameters = Vec::new();
    for part in parts {
        sql.extend(part.sql);
        parameters.extend(part.parameters);
    }
    let sql = if sql.is_empty() { None } else { Some(format!("({})", sql.join(between))) };
    Condition { sql, parameters, tests, exact }
}

/// Returns the condition for several values of one column, `env:(prod or staging)`.
fn one_of(queries: &[Query]) -> Option<Condition> {
    let mut column = None;
    let mut parameters = Vec::with_capacity(queries.len());
    for query in queries {
        let Query::Leaf(Leaf::Is(field, pattern)) = query else { return None };
        let this = columns::of_field(field)?;
        if *column.get_or_insert(this) != this {
            return None;
        }
        parameters.push(Parameter::Text(pattern.as_literal()?.to_owned()));
    }
    let places = vec!["?"; parameters.len()].join(", ");
    Some(Condition::exactly(format!("e.{} IN ({places})", column?.name), parameters))
}

fn leaf_condition(leaf: &Leaf, now: Timestamp) -> Condition {
    match leaf {
        Leaf::Present(Field::Time | Field::Observed) => Condition::always(true),
        Leaf::Present(Field::Flags) => Condition::exactly("e.flags IS NOT NULL", Vec::new()),
        Leaf::Present(field) => match columns::of_field(field) {
            Some(Column { name, .. }) => Condition::exactly(format!("e.{name} IS NOT NULL"), Vec::new()),
            None => Condition::always(false),
        },
        Leaf::Is(Field::Flags, pattern) => match pattern.as_literal() {
            Some(flag) => {
                let parameters = vec![Parameter::Text(format!(" {flag} "))];
                Condition::exactly("(e.flags IS NOT NULL AND instr(e.flags, ?) > 0)", parameters)
            }
            None => Condition::exactly("e.flags IS NOT NULL", Vec::new()).or_more(),
        },
        Leaf::Is(field, pattern) => match columns::of_field(field) {
            Some(Column { name, .. }) => shape(name, pattern),
            None => Condition::always(false),
        },
        Leaf::During(Field::Time, date) => {
            let (start, end) = date.range(now);
            within(Some(start.micros()), Some(end.micros()))
        }
        Leaf::Compare(Field::Time, comparison, Operand::Date(date)) => {
            let (from, to) = compared(*comparison, *date, now);
            within(from, to)
        }
        Leaf::Compare(Field::Time, ..) => Condition::never(),
        Leaf::During(..) | Leaf::Compare(..) => Condition::always(false),
        Leaf::Text(searched) => match words::of_phrases(searched.phrases()) {
            Some(Match { expression, exact, .. }) => {
                let sql = "e.key IN (SELECT rowid FROM words WHERE words MATCH ?)";
                let condition = Condition::exactly(sql, vec![Parameter::Text(expression)]);
                if exact { condition } else { condition.or_more() }
            }
            None => Condition::always(false),
        },
    }
}

fn within(from: Option<i64>, to: Option<i64>) -> Condition {
    let mut sql = Vec::new();
    let mut parameters = Vec::new();
    for (bound, test) in [(from, "e.time >= ?"), (to, "e.time < ?")] {
        if let Some(bound) = bound {
            sql.push(test);
            parameters.push(Parameter::Integer(bound));
        }
    }
    Condition::exactly(format!("({})", sql.join(" AND ")), parameters)
}

/// Compares a column with a text in which stars stand for anything. Not by GLOB, whose time explodes with the
/// number of stars: beginning, end and what lies between are looked for one by one, and with two stars or more
/// that may find too much.
fn shape(column: &str, pattern: &Pattern) -> Condition {
    if let Some(text) = pattern.as_literal() {
        return Condition::exactly(format!("e.{column} = ?"), vec![Parameter::Text(text.to_owned())]);
    }
    let parts = pattern.parts();
    let (Some((first, rest)), Some(last)) = (parts.split_first(), parts.last()) else {
        return Condition::never();
    };
    let mut sql = vec![format!("e.{column} IS NOT NULL")];
    let mut parameters = Vec::new();
    let ends =
        [(first, format!("substr(e.{column}, 1, ?) = ?")), (last, format!("substr(e.{column}, ?) = ?"))];
    for (index, (text, test)) in ends.into_iter().enumerate() {
        if !text.is_empty() {
            let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
            sql.push(test);
            parameters.push(Parameter::Integer(if index == 0 { length } else { -length }));
            parameters.push(Parameter::Text(text.clone()));
        }
    }
    let middle = rest.split_last().map_or(&[][..], |(_, middle)| middle);
    for text in middle {
        sql.push(format!("instr(e.{column}, ?) > 0"));
        parameters.push(Parameter::Text(text.clone()));
    }
    if !first.is_empty() && !last.is_empty() {
        let together = (first.chars().count() + last.chars().count()) as i64;
        sql.push(format!("length(e.{column}) >= ?"));
        parameters.push(Parameter::Integer(together));
    }
    let alone = middle.len() <= 1 && first.is_empty() && last.is_empty();
    let exact = middle.is_empty() || alone;
    let condition = Condition::exactly(format!("({})", sql.join(" AND ")), parameters);
    if exact { condition } else { condition.or_more() }
}

/// Returns the range that a comparison with a date stands for, in microseconds: from, and before.
pub(super) fn compared(comparison: Comparison, date: Date, now: Timestamp) -> (Option<i64>, Option<i64>) {
    let (start, end) = date.range(now);
    match comparison {
        Comparison::Less => (None, Some(start.micros())),
        Comparison::LessOrEqual => (None, Some(end.micros())),
        Comparison::Greater => (Some(end.micros()), None),
        Comparison::GreaterOrEqual => (Some(start.micros()), None),
    }
}
