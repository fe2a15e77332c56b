//! Runs a plan: hands out the rows it leads to, newest slice of time first.

use std::ops::ControlFlow;

use rusqlite::types::Value as Parameter;
use rusqlite::{Connection, Row, params_from_iter};

use crate::error::Error;
use crate::trail::compile::{Driver, Plan};
use crate::trail::place::{PLACE, first_key, last_key, slice_of};

use conftrail_core::Timestamp;

/// Returns the lowest and the highest key that a plan's events can have.
pub(super) fn keys(plan: &Plan) -> (i64, i64) {
    let low = plan.since.map_or(0, |since| first_key(slice_of(Timestamp::from_micros(since))));
    let last_moment = |until: i64| Timestamp::from_micros(until.saturating_sub(1));
    let high = plan.until.map_or(i64::MAX, |until| last_key(slice_of(last_moment(until))));
    (low, high)
}

/// Visits the rows of a plan with keys within `low` and `high`, by falling key. A row begins with the columns of
/// [`PLACE`]; `columns` follow.
pub(super) fn each_row(
    connection: &Connection,
    plan: &Plan,
    (low, high): (i64, i64),
    columns: &[&str],
    visit: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let mut parameters: Vec<Parameter> = Vec::new();
    let (from, key) = match &plan.driver {
        Driver::Keys => ("events e NOT INDEXED WHERE".to_owned(), "e.key"),
        Driver::Index(name) => (format!("events e INDEXED BY {name} WHERE"), "e.key"),
        Driver::Words(expression) => {
            parameters.push(Parameter::Text(expression.clone()));
            let join = "words CROSS JOIN events e NOT INDEXED ON e.key = words.rowid WHERE words MATCH ? AND";
            (join.to_owned(), "words.rowid")
        }
    };
    let mut sql = format!("SELECT {PLACE}");
    for column in columns {
        sql.push_str(", e.");
        sql.push_str(column);
    }
    sql.push_str(&format!(" FROM {from} {key} BETWEEN ? AND ?"));
    parameters.extend([Parameter::Integer(low), Parameter::Integer(high)]);
    for (bound, test) in [(plan.since, " AND e.time >= ?"), (plan.until, " AND e.time < ?")] {
        if let Some(bound) = bound {
            sql.push_str(test);
            parameters.push(Parameter::Integer(bound));
        }
    }
    for condition in &plan.conditions {
        sql.push_str(" AND ");
        sql.push_str(condition);
    }
    parameters.extend(plan.parameters.iter().cloned());
    sql.push_str(&format!(" ORDER BY {key} DESC"));
    // Not cached: every query has a text of its own.
    let mut select = connection.prepare(&sql)?;
    let mut rows = select.query(params_from_iter(parameters))?;
    while let Some(row) = rows.next()? {
        if visit(row)?.is_break() {
            break;
        }
    }
    Ok(())
}
