//! Compiles a query's tree: into conditions on columns and a full-text expression, exactly where the tables say
//! enough, else into something that holds for every match and more. What is more is checked again with core's
//! matcher, so that this file can be wrong about speed only.

use conftrail_core::Timestamp;
use conftrail_core::query::{Comparison, Date, Field, Leaf, Operand, Pattern, Query};
use rusqlite::types::Value as Parameter;

use crate::trail::columns::{self, Column};
use crate::trail::words::{self, Match};

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
        let mut index = None;
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
                let condition = condition(part, now);
                needs_words |= !condition.exact && found.is_some();
                plan.exact &= condition.exact;
                plan.conditions.extend(condition.sql);
                plan.parameters.extend(condition.parameters);
                index = index.or_else(|| index_of(part));
            }
            needs_words |= is_words;
            narrowing.extend(found);
        }
        plan.driver = match (index, Match::all(narrowing)) {
            (Some(name), _) if !needs_words => Driver::Index(name),
            (_, Some(found)) if needs_words || purpose == Purpose::Page => Driver::Words(found.expression),
            _ => Driver::Keys,
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

fn compared(comparison: Comparison, date: Date, now: Timestamp) -> (Option<i64>, Option<i64>) {
    let (start, end) = date.range(now);
    match comparison {
        Comparison::Less => (None, Some(start.micros())),
        Comparison::LessOrEqual => (None, Some(end.micros())),
        Comparison::Greater => (Some(end.micros()), None),
        Comparison::GreaterOrEqual => (Some(start.micros()), None),
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

/// A condition on a row `e` of `events`. No text means that it holds always.
struct Condition {
    sql: Option<String>,
    parameters: Vec<Parameter>,
    /// Whether it holds for the matches only.
    exact: bool,
}

impl Condition {
    fn exactly(sql: impl Into<String>, parameters: Vec<Parameter>) -> Self {
        Self { sql: Some(sql.into()), parameters, exact: true }
    }

    fn always(exact: bool) -> Self {
        Self { sql: None, parameters: Vec::new(), exact }
    }

    fn never() -> Self {
        Self::exactly("0", Vec::new())
    }

    fn or_more(self) -> Self {
        Self { exact: false, ..self }
    }
}

fn condition(query: &Query, now: Timestamp) -> Condition {
    match query {
        Query::All => Condition::always(true),
        Query::And(queries) => {
            let parts = queries.iter().map(|query| condition(query, now)).collect();
            joined(parts, " AND ")
        }
        Query::Or(queries) => {
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
            Condition { sql: Some(sql), parameters, .. } => {
                Condition::exactly(format!("({sql}) IS NOT TRUE"), parameters)
            }
        },
        Query::Leaf(leaf) => leaf_condition(leaf, now),
    }
}

fn joined(parts: Vec<Condition>, between: &str) -> Condition {
    let exact = parts.iter().all(|part| part.exact);
    let mut sql = Vec::new();
    let mut parameters = Vec::new();
    for part in parts {
        sql.extend(part.sql);
        parameters.extend(part.parameters);
    }
    let sql = if sql.is_empty() { None } else { Some(format!("({})", sql.join(between))) };
    Condition { sql, parameters, exact }
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
            Some(Match { expression, exact }) => {
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

/// Returns a full-text expression that holds for every match of a query, if the index knows one.
fn as_words(query: &Query) -> Option<Match> {
    match query {
        Query::All | Query::Not(_) => None,
        Query::And(queries) => {
            let parts: Vec<Match> = queries.iter().filter_map(as_words).collect();
            let complete = parts.len() == queries.len();
            Match::all(parts).map(|found| Match { exact: found.exact && complete, ..found })
        }
        Query::Or(queries) => {
            let parts: Option<Vec<Match>> = queries.iter().map(as_words).collect();
            parts.and_then(Match::any)
        }
        Query::Leaf(Leaf::Text(searched)) => words::of_phrases(searched.phrases()),
        Query::Leaf(Leaf::Is(field, pattern)) => value_as_words(field, pattern),
        Query::Leaf(
            Leaf::Present(Field::Before(path) | Field::After(path) | Field::Detail(path))
            | Leaf::Compare(Field::Before(path) | Field::After(path) | Field::Detail(path), ..)
            | Leaf::During(Field::Before(path) | Field::After(path) | Field::Detail(path), ..),
        ) => words::of_content(path, None),
        Query::Leaf(_) => None,
    }
}

/// Fields whose values core's `each_text` hands out can be looked up as words first.
fn value_as_words(field: &Field, pattern: &Pattern) -> Option<Match> {
    match field {
        Field::Id
        | Field::ResourceId
        | Field::ResourceNamespace
        | Field::ResourceGroup
        | Field::ResourceName
        | Field::ResourceRenamedTo
        | Field::ResourceEnv
        | Field::ResourceService
        | Field::ResourceOwner
        | Field::ActorName
        | Field::ActorLogin
        | Field::ActorClient
        | Field::ActorIp
        | Field::ActorClaimedName
        | Field::ActorClaimedReason
        | Field::ReasonTicket
        | Field::ReasonApprover
        | Field::ReasonMessage
        | Field::CorrelationId
        | Field::Trace
        | Field::TxId
        | Field::ChangesPath
        | Field::Label(_) => words::of_value(pattern),
        // A null is compared as `null` but is no text.
        Field::ChangesBefore | Field::ChangesAfter if pattern.as_literal() != Some("null") => {
            words::of_value(pattern)
        }
        Field::Before(path) | Field::After(path) | Field::Detail(path) => {
            words::of_content(path, Some(pattern))
        }
        _ => None,
    }
}
