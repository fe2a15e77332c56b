//! Runs a plan along its route: hands out the rows it leads to, newest slice of time first.

use std::ops::ControlFlow;

use conftrail_core::Timestamp;
use rusqlite::types::Value as Parameter;
use rusqlite::{Connection, Row, Statement, params_from_iter};

use crate::error::Error;
use crate::trail::compile::{Lead, Plan};
use crate::trail::meet;
use crate::trail::place::{PLACE, first_key, last_key, slice_of};
use crate::trail::route::{Driver, Route};

/// Rows that are read at once where leads meet.
const TOGETHER: usize = 64;
/// No event has this key.
const NO_KEY: i64 = -1;

/// Visits one row.
type Visit<'v> = dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, Error> + 'v;

/// Returns the lowest and the highest key that a plan's events can have.
pub(super) fn keys(plan: &Plan) -> (i64, i64) {
    let low = plan.since.map_or(0, |since| first_key(slice_of(Timestamp::from_micros(since))));
    let last_moment = |until: i64| Timestamp::from_micros(until.saturating_sub(1));
    let high = plan.until.map_or(i64::MAX, |until| last_key(slice_of(last_moment(until))));
    (low, high)
}

/// Visits the rows of a plan, by falling key. A row begins with the columns of [`PLACE`]; `columns` follow.
pub(super) fn each_row(
    connection: &Connection,
    plan: &Plan,
    route: &Route,
    columns: &[&str],
    visit: &mut Visit<'_>,
) -> Result<(), Error> {
    let (low, high) = route.keys;
    let bounds = [Parameter::Integer(low), Parameter::Integer(high)];
    let (from, key, parameters): (_, _, Vec<Parameter>) = match &route.driver {
        Driver::Nothing => return Ok(()),
        Driver::Across(leads) => return each_meeting(connection, plan, route, leads, columns, visit),
        Driver::Keys => {
            ("events e NOT INDEXED WHERE e.key BETWEEN ? AND ?".to_owned(), "e.key", bounds.to_vec())
        }
        Driver::Along(Lead::Index { name, test, parameter }) => {
            let from = format!("events e INDEXED BY {name} WHERE {test} AND e.key BETWEEN ? AND ?");
            (from, "e.key", parameter.iter().cloned().chain(bounds).collect())
        }
        Driver::Along(Lead::Words(expression)) => {
            let from = "words CROSS JOIN events e NOT INDEXED ON e.key = words.rowid
                WHERE words MATCH ? AND words.rowid BETWEEN ? AND ?";
            let expression = Parameter::Text(expression.clone());
            (from.to_owned(), "words.rowid", std::iter::once(expression).chain(bounds).collect())
        }
    };
    // Not cached: every query has a text of its own.
    let mut select = connection.prepare(&statement(plan, columns, &from, key))?;
    run(&mut select, parameters, plan, visit).map(|_| ())
}

/// Visits the rows where leads meet, some at a time.
fn each_meeting(
    connection: &Connection,
    plan: &Plan,
    route: &Route,
    leads: &[Lead],
    columns: &[&str],
    visit: &mut Visit<'_>,
) -> Result<(), Error> {
    let places = vec!["?"; TOGETHER].join(", ");
    let from = format!("events e NOT INDEXED WHERE e.key IN ({places})");
    let mut select = connection.prepare(&statement(plan, columns, &from, "e.key"))?;
    let mut together = Vec::with_capacity(TOGETHER);
    let mut ended = false;
    meet::each_key(connection, leads, route.keys, &mut |key| {
        together.push(Parameter::Integer(key));
        if together.len() < TOGETHER {
            return Ok(ControlFlow::Continue(()));
        }
        let flow = run(&mut select, std::mem::take(&mut together), plan, visit)?;
        ended = flow.is_break();
        Ok(flow)
    })?;
    if !ended && !together.is_empty() {
        together.resize(TOGETHER, Parameter::Integer(NO_KEY));
        // Whatever its answer, there is nothing after it.
        let _ = run(&mut select, together, plan, visit)?;
    }
    Ok(())
}

/// Returns the statement over `from`, which has the lead's own parameters, in the order of keys.
fn statement(plan: &Plan, columns: &[&str], from: &str, key: &str) -> String {
    let mut sql = format!("SELECT {PLACE}");
    for column in columns {
        sql.push_str(", e.");
        sql.push_str(column);
    }
    sql.push_str(&format!(" FROM {from}"));
    for (bound, test) in [(plan.since, " AND e.time >= ?"), (plan.until, " AND e.time < ?")] {
        if bound.is_some() {
            sql.push_str(test);
        }
    }
    for condition in &plan.conditions {
        sql.push_str(" AND ");
        sql.push_str(condition);
    }
    sql.push_str(&format!(" ORDER BY {key} DESC"));
    sql
}

fn run(
    select: &mut Statement<'_>,
    lead: Vec<Parameter>,
    plan: &Plan,
    visit: &mut Visit<'_>,
) -> Result<ControlFlow<()>, Error> {
    let times = [plan.since, plan.until].into_iter().flatten().map(Parameter::Integer);
    let parameters = lead.into_iter().chain(times).chain(plan.parameters.iter().cloned());
    let mut rows = select.query(params_from_iter(parameters))?;
    while let Some(row) = rows.next()? {
        if visit(row)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}
