//! Compiles a query's tree: into conditions on columns and a full-text expression, exactly where the tables say
//! enough, else into something that holds for every match and more. What is more is checked again with core's
//! matcher, so that this file can be wrong about speed only.

use conftrail_core::Timestamp;
use conftrail_core::query::{Field, Leaf, Operand, Query};
use rusqlite::types::Value as Parameter;

use crate::trail::columns::{self, COUNTED};
use crate::trail::condition::{Condition, MOST_TESTS, compared, condition};
use crate::trail::narrow::as_words;
use crate::trail::words::Match;

/// Most indexes that are looked at for one query: each costs a look.
const MOST_INDEXES: usize = 8;

/// How to find the events of a query. Which of the ways is the shortest is for [`crate::trail::route`] to say.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Indexes that each hold every match.
    pub(super) indexes: Vec<Lead>,
    /// A full-text expression that holds for every match.
    pub(super) words: Option<Words>,
    /// Values that every match has in a field that is counted by day.
    pub(super) counted: Vec<(Field, String)>,
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

/// What hands out the keys of events that may match, and holds all that do.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Lead {
    /// The part of an index of `events` for which a test holds.
    Index {
        /// The index.
        name: &'static str,
        /// A condition on a row `e`, which the index answers alone.
        test: String,
        /// The parameter of the test, if it has one.
        parameter: Option<Parameter>,
    },
    /// A full-text expression.
    Words(String),
}

/// The full-text side of a plan.
#[derive(Clone, Debug)]
pub(super) struct Words {
    /// The expression.
    pub(super) expression: String,
    /// Whether the conditions leave something to it alone.
    pub(super) is_only_test: bool,
    /// Whether it leaves out what the conditions would let through.
    pub(super) narrows: bool,
}

impl Plan {
    /// Compiles a query; `now` is what `now` means in it.
    pub(super) fn new(
        query: &Query,
        (since, until): (Option<Timestamp>, Option<Timestamp>),
        now: Timestamp,
    ) -> Self {
        let mut plan = Self {
            indexes: Vec::new(),
            words: None,
            counted: Vec::new(),
            conditions: Vec::new(),
            parameters: Vec::new(),
            exact: true,
            since: since.map(Timestamp::micros),
            until: until.map(Timestamp::micros),
        };
        let mut narrowing = Vec::new();
        let (mut is_only_test, mut narrows) = (false, false);
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
                narrows |= !condition.exact && found.is_some();
                plan.exact &= condition.exact;
                if condition.sql.is_some() {
                    plan.indexes.extend(index_of(part));
                    plan.counted.extend(counted_value(part));
                }
                plan.conditions.extend(condition.sql);
                plan.parameters.extend(condition.parameters);
            }
            is_only_test |= is_words;
            narrowing.extend(found);
        }
        plan.indexes.truncate(MOST_INDEXES);
        // Some of what only the full text tests may be too much for it.
        plan.exact &= !is_only_test || Match::fit(&narrowing);
        let expression = Match::all(narrowing).map(|found| found.expression);
        plan.words = expression.map(|expression| Words { expression, is_only_test, narrows });
        plan
    }

    /// Says whether every event is meant, whatever its time.
    pub(super) fn is_everything(&self) -> bool {
        self.exact && self.conditions.is_empty() && self.words.is_none()
    }

    /// Says whether a condition asks another table, which is done anew for each statement.
    pub(super) fn asks_elsewhere(&self) -> bool {
        // Values are parameters: no text of a person's stands here.
        self.conditions.iter().any(|condition| condition.contains("SELECT"))
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
fn index_of(query: &Query) -> Option<Lead> {
    match query {
        // One index for all flags: which of them is for the condition to say.
        Query::Leaf(Leaf::Is(Field::Flags, _) | Leaf::Present(Field::Flags)) => Some(Lead::Index {
            name: "events_flagged",
            test: "e.flags IS NOT NULL".to_owned(),
            parameter: None,
        }),
        Query::Leaf(Leaf::Is(field, pattern)) => {
            let value = pattern.as_literal()?;
            let column = columns::of_field(field)?;
            Some(Lead::Index {
                name: column.index?,
                test: format!("e.{} = ?", column.name),
                parameter: Some(Parameter::Text(value.to_owned())),
            })
        }
        _ => None,
    }
}

/// Returns the field and the value of a test that the counts by day know.
fn counted_value(query: &Query) -> Option<(Field, String)> {
    let Query::Leaf(Leaf::Is(field, pattern)) = query else { return None };
    let value = pattern.as_literal()?;
    COUNTED.contains(field).then(|| (field.clone(), value.to_owned()))
}
