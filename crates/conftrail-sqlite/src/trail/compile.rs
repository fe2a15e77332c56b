//! Compiles a query's tree: into conditions on columns and a full-text expression, exactly where the tables say
//! enough, else into something that holds for every match and more. What is more is checked again with core's
//! matcher, so that this file can be wrong about speed only.

use conftrail_core::Timestamp;
use conftrail_core::query::{Field, Leaf, Operand, Query};
use rusqlite::types::Value as Parameter;

use crate::trail::columns;
use crate::trail::condition::{Condition, MOST_TESTS, compared, condition};
use crate::trail::narrow::as_words;
use crate::trail::words::Match;

/// How to find the events of a query.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// What leads to the events.
    pub(super) driver: Driver,
    /// What must hold for a row `e` of `events`; joined by `AND`.
    pub(super) conditions: Vec<String>,
    /// The parameters of the conditions, in order.
    pub(super) parameters: Vec<Parameter>,
    /// Whether everything found matches. Otherwise each event must be checked.
    pub(super) exact: bool,
    /// Events at or after this time, in microseconds.
    pub(super) since: Option<i64>,
    /// Events before this time.
    pub(super) until: Option<i64>,
}

/// What leads to the events of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Driver {
    /// All of them, by key.
    Keys,
    /// An index of `events` by name.
    Index(&'static str),
    /// A full-text expression.
    Words(String),
}

/// Says what the events are wanted for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The newest few: it pays to jump from match to match.
    Page,
    /// All of them: where most match, walking is faster than jumping.
    Count,
}

impl Plan {
    /// Compiles a query; `now` is what `now` means in it.
    pub(super) fn new(
        query: &Query,
        (since, until): (Option<Timestamp>, Option<Timestamp>),
        now: Timestamp,
        purpose: Purpose,
    ) -> Self {
        let mut plan = Self {
            driver: Driver::Keys,
            conditions: Vec::new(),
            parameters: Vec::new(),
            exact: true,
            since: since.map(Timestamp::micros),
            until: until.map(Timestamp::micros),
        };
        let mut narrowing = Vec::new();
        let mut needs_words = false;
        let mut relies_on_words = false;
        let mut index = None;
        let mut tests = 0;
        let all = match query {
            Query::And(queries) => queries.as_slice(),
            single => std::slice::from_ref(single),
        };
        for part in all {
            if let Some((from, to)) = time_range(part, now) {
                plan.narrow(from, to);
                continue;
            }
            let found = as_words(part);
            let is_words = found.as_ref().is_some_and(|found| found.exact);
            if !is_words {
                let mut condition = condition(part, now);
                tests += condition.tests;
                if tests > MOST_TESTS {
                    condition = Condition::always(false);
                }
                needs_words |= !condition.exact && found.is_some();
                plan.exact &= condition.exact;
                if condition.sql.is_some() {
                    index = index.or_else(|| index_of(part));
                }
                plan.conditions.extend(condition.sql);
                plan.parameters.extend(condition.parameters);
            }
            needs_words |= is_words;
            relies_on_words |= is_words;
            narrowing.extend(found);
        }
        // Some of what only the full text tests may be too much for it.
        plan.exact &= !relies_on_words || Match::fit(&narrowing);
        plan.driver = match (index, Match::all(narrowing)) {
            (_, Some(found)) if needs_words => Driver::Words(found.expression),
            (Some(name), _) => Driver::Index(name),
            (None, Some(found)) if purpose == Purpose::Page => Driver::Words(found.expression),
            (None, _) => Driver::Keys,
        };
        plan
    }

    /// Says whether every event is meant, whatever its time.
    pub(super) fn is_everything(&self) -> bool {
        self.exact && self.conditions.is_empty() && self.driver == Driver::Keys
    }

    fn narrow(&mut self, from: Option<i64>, to: Option<i64>) {
        self.since = self.since.max(from);
        self.until = match (self.until, to) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

/// Returns the range that a test of `time` stands for, in microseconds: from, and before.
fn time_range(query: &Query, now: Timestamp) -> Option<(Option<i64>, Option<i64>)> {
    match query {
        Query::Leaf(Leaf::During(Field::Time, date)) => {
            let (start, end) = date.range(now);
            Some((Some(start.micros()), Some(end.micros())))
        }
        Query::Leaf(Leaf::Compare(Field::Time, comparison, Operand::Date(date))) => {
            Some(compared(*comparison, *date, now))
        }
        _ => None,
    }
}

/// Returns the index that leads straight to the events of a test which all of them must pass.
fn index_of(query: &Query) -> Option<&'static str> {
    match query {
        Query::Leaf(Leaf::Is(Field::Flags, _) | Leaf::Present(Field::Flags)) => Some("events_flagged"),
        Query::Leaf(Leaf::Is(field, pattern)) => {
            let value = pattern.as_literal()?;
            // Most events have one of these: their index would lead nearly everywhere.
            let common = ["create", "update", "delete", "snapshot"].contains(&value);
            columns::of_field(field).filter(|_| *field != Field::Action || !common)?.index
        }
        _ => None,
    }
}
