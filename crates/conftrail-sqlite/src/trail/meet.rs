//! Walks several leads side by side and hands out the keys that all of them have.

use std::ops::ControlFlow;

use rusqlite::types::Value as Parameter;
use rusqlite::{Connection, Rows, Statement, params_from_iter};

use crate::error::Error;
use crate::trail::compile::Lead;
use crate::trail::route::source;

/// Visits the keys from `high` down to `low` that every lead has, by falling key.
pub(super) fn each_key(
    connection: &Connection,
    leads: &[Lead],
    (low, high): (i64, i64),
    visit: &mut dyn FnMut(i64) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let mut statements: Vec<Statement<'_>> = Vec::with_capacity(leads.len());
    let mut walks: Vec<Walk<'_>> = Vec::with_capacity(leads.len());
    for lead in leads {
        let (from, key, _) = source(lead);
        let sql = format!("SELECT {key} FROM {from} AND {key} BETWEEN ? AND ? ORDER BY {key} DESC");
        statements.push(connection.prepare(&sql)?);
    }
    for (lead, statement) in leads.iter().zip(&mut statements) {
        let bounds = [Parameter::Integer(low), Parameter::Integer(high)];
        let parameters = source(lead).2.into_iter().chain(bounds);
        walks.push(Walk { rows: statement.query(params_from_iter(parameters))?, key: None });
    }
    // The next key that may be in all of them; each walk in turn comes down to it or below it.
    let mut sought = high;
    loop {
        let before = sought;
        for walk in &mut walks {
            match walk.down_to(sought)? {
                Some(key) => sought = key,
                None => return Ok(()),
            }
        }
        // Nobody had to go below: all stand on it.
        if sought == before {
            if visit(sought)?.is_break() || sought == low {
                return Ok(());
            }
            sought -= 1;
        }
    }
}

/// One lead, and the key it stands on once it was stepped.
struct Walk<'s> {
    rows: Rows<'s>,
    key: Option<i64>,
}

impl Walk<'_> {
    /// Steps to the first key that is not above `sought`; none at the end.
    fn down_to(&mut self, sought: i64) -> Result<Option<i64>, Error> {
        while self.key.is_none_or(|key| key > sought) {
            let Some(row) = self.rows.next()? else { return Ok(None) };
            self.key = Some(row.get(0)?);
        }
        Ok(self.key)
    }
}
