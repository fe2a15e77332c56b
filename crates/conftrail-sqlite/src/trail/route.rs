//! Chooses the shortest way to the events of a plan, by looking how much each way leads to.
//!
//! A look counts no further than it takes to know that a way is long, so that it costs about a millisecond. What is
//! rare leads; where everything is frequent, the ways are walked side by side and only where they meet is a row read.

use conftrail_core::Timestamp;
use conftrail_core::query::Field;
use rusqlite::types::Value as Parameter;
use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};

use crate::error::Error;
use crate::trail::compile::{Lead, Plan};
use crate::trail::place::{first_key, last_key, slice_of};
use crate::trail::rollup::DAY;

/// A look counts up to this many events: walking them and reading a row for each takes some milliseconds.
const FREQUENT: i64 = 5_000;
/// Up to this many events are read and compared with the query as a whole, rather than asking the full text.
const FEW: i64 = 500;

/// What the events are wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The newest few: it pays to jump from match to match.
    Page,
    /// All of them: where most match, walking is faster than jumping.
    Count,
}

/// The way to the events of a plan.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Route {
    /// What leads.
    pub(super) driver: Driver,
    /// Whether everything found matches. Otherwise each event must be checked.
    pub(super) exact: bool,
    /// The lowest and the highest key that a match can have.
    pub(super) keys: (i64, i64),
}

/// What leads to the events.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Driver {
    /// There are none.
    Nothing,
    /// All of them, by key.
    Keys,
    /// One lead.
    Along(Lead),
    /// Several leads, where they meet.
    Across(Vec<Lead>),
}

/// Chooses the way to the events of a plan with keys from `low` to `high`.
pub(super) fn choose(
    connection: &Connection,
    plan: &Plan,
    keys: (i64, i64),
    purpose: Purpose,
) -> Result<Route, Error> {
    let Some(keys) = days_with_all(connection, &plan.counted, keys)? else {
        return Ok(Route { driver: Driver::Nothing, exact: true, keys });
    };
    let mut route = Route { driver: Driver::Keys, exact: plan.exact, keys };
    let mut indexes = Vec::with_capacity(plan.indexes.len());
    let alone = plan.indexes.len() == 1 && plan.words.is_none();
    for lead in &plan.indexes {
        let size = if alone { FREQUENT } else { size(connection, lead, keys)? };
        if size == 0 {
            return Ok(Route { driver: Driver::Nothing, ..route });
        }
        indexes.push((size, lead));
    }
    indexes.sort_by_key(|(size, _)| *size);
    let only_words = plan.words.as_ref().is_some_and(|words| words.is_only_test);
    let rarest = indexes.first().copied();
    if let Some((size, lead)) = rarest
        && size < if only_words { FEW } else { FREQUENT }
        && (size < FEW || plan.exact)
    {
        route.exact &= !only_words;
        route.driver = Driver::Along(lead.clone());
        return Ok(route);
    }
    let words = plan.words.as_ref();
    let narrows = words.is_some_and(|words| words.is_only_test || words.narrows);
    let words = words.map(|words| Lead::Words(words.expression.clone()));
    let rare_words = match &words {
        // A look at what leads anyway is a look too many.
        Some(_) if rarest.is_none() && (narrows || purpose == Purpose::Page) => true,
        Some(lead) => match size(connection, lead, keys)? {
            0 => return Ok(Route { driver: Driver::Nothing, ..route }),
            size => size < FREQUENT,
        },
        None => false,
    };
    route.driver = match (words, rarest) {
        (Some(words), _) if rare_words => Driver::Along(words),
        (words, Some(_)) if purpose == Purpose::Page && !plan.asks_elsewhere() => {
            let leads: Vec<Lead> =
                words.into_iter().chain(indexes.iter().map(|(_, lead)| (*lead).clone())).collect();
            meeting(leads)
        }
        (Some(words), _) if narrows => Driver::Along(words),
        (_, Some((_, lead))) if !is_wide(lead) => Driver::Along(lead.clone()),
        _ => Driver::Keys,
    };
    Ok(route)
}

fn meeting(mut leads: Vec<Lead>) -> Driver {
    match leads.pop() {
        Some(only) if leads.is_empty() => Driver::Along(only),
        Some(last) => {
            leads.push(last);
            Driver::Across(leads)
        }
        None => Driver::Keys,
    }
}

/// Says whether a frequent value of an index is likely to be everywhere: there are few actions.
fn is_wide(lead: &Lead) -> bool {
    matches!(lead, Lead::Index { name: "events_by_action", .. })
}

/// Counts the events of a lead, up to [`FREQUENT`].
fn size(connection: &Connection, lead: &Lead, (low, high): (i64, i64)) -> Result<i64, Error> {
    let (from, key, parameter) = source(lead);
    let sql =
        format!("SELECT count(*) FROM (SELECT 1 FROM {from} AND {key} BETWEEN ? AND ? LIMIT {FREQUENT})");
    let bounds = [Parameter::Integer(low), Parameter::Integer(high)];
    let parameters = params_from_iter(parameter.into_iter().chain(bounds));
    Ok(connection.prepare_cached(&sql)?.query_row(parameters, |row| row.get(0))?)
}

/// Returns the tables of a lead with its test, its key and its parameter.
pub(super) fn source(lead: &Lead) -> (String, &'static str, Option<Parameter>) {
    match lead {
        Lead::Index { name, test, parameter } => {
            (format!("events e INDEXED BY {name} WHERE {test}"), "e.key", parameter.clone())
        }
        Lead::Words(expression) => {
            let parameter = Some(Parameter::Text(expression.clone()));
            ("words WHERE words MATCH ?".to_owned(), "words.rowid", parameter)
        }
    }
}

/// Narrows keys down to the days from the first to the last one on which all these values occurred; none when there
/// is no such day.
fn days_with_all(
    connection: &Connection,
    values: &[(Field, String)],
    (low, high): (i64, i64),
) -> Result<Option<(i64, i64)>, Error> {
    let (mut low, mut high) = (low, high);
    for (field, value) in values {
        let Some((first, last)) = days_with(connection, field, value)? else { return Ok(None) };
        let start = Timestamp::from_micros(first.saturating_mul(DAY));
        let end = Timestamp::from_micros(last.saturating_add(1).saturating_mul(DAY).saturating_sub(1));
        low = low.max(first_key(slice_of(start)));
        high = high.min(last_key(slice_of(end)));
    }
    Ok(Some((low, high)).filter(|(low, high)| low <= high))
}

/// Returns the first and the last day on which a counted field had a value.
fn days_with(connection: &Connection, field: &Field, value: &str) -> Result<Option<(i64, i64)>, Error> {
    let field = field.to_string();
    let mut is_there = connection
        .prepare_cached("SELECT 1 FROM daily WHERE field = ?1 AND day = ?2 AND value = ?3 AND count > 0")?;
    let mut first_from = |ahead: bool| -> Result<Option<i64>, Error> {
        // From day to day, not along all values of a day: there may be many.
        let (next, beyond) = if ahead {
            ("SELECT min(day) FROM daily WHERE field = ?1 AND day > ?2", i64::MIN)
        } else {
            ("SELECT max(day) FROM daily WHERE field = ?1 AND day < ?2", i64::MAX)
        };
        let mut select = connection.prepare_cached(next)?;
        let mut at = beyond;
        loop {
            let day: Option<i64> =
                select.query_row(params![field, at], |row| row.get(0)).optional()?.flatten();
            let Some(day) = day else { return Ok(None) };
            if is_there.exists(params![field, day, value])? {
                return Ok(Some(day));
            }
            at = day;
        }
    };
    let Some(first) = first_from(true)? else { return Ok(None) };
    Ok(first_from(false)?.map(|last| (first, last)))
}
