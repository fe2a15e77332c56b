//! What is made of the events so that they can be found and counted, compared with the events themselves.
//!
//! The scan has compared the columns of `events` with the events; what is made of columns is therefore compared with the
//! columns, and the full text, which is made of the whole event, with what the scan read.

mod counts;
mod index;
mod order;
mod own_check;
mod present;
mod rows;
mod sums;

pub(super) use index::read as read_words;
pub(super) use sums::{Sums, Wording};

use std::collections::HashSet;

use conftrail_core::integrity::{Finding, FindingKind};
use rusqlite::Connection;

use crate::error::Error;
use crate::trail::place::{Slice, slice_of_key};
use crate::trail::verify::scan::because;

/// The rows that were named already, by key: nothing is concluded from them.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    keys: HashSet<i64>,
    slices: HashSet<Slice>,
}

impl Suspects {
    /// Adds the row of this key.
    pub(super) fn add(&mut self, key: i64) {
        self.keys.insert(key);
        self.slices.insert(slice_of_key(key));
    }

    fn has(&self, key: i64) -> bool {
        self.keys.contains(&key)
    }

    fn are_in(&self, slice: Slice) -> bool {
        self.slices.contains(&slice)
    }

    /// How many there are: each may be counted where it is not known to belong.
    fn count(&self) -> i64 {
        i64::try_from(self.keys.len()).unwrap_or(i64::MAX)
    }
}

/// Names what is not as the events make it. `expected` is what the scan made of the first `size` events, `found` what
/// the full text holds; `connection` has one moment of the file, in which there are these events and no others.
pub(super) fn named(
    connection: &Connection,
    wording: &Wording,
    (expected, found): (&Sums, Result<Sums, Error>),
    suspects: &Suspects,
) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let of_words = found
        .and_then(|found| index::named(connection, wording, (expected, &found), suspects, &mut findings));
    readable(of_words, "the full text", &mut findings)?;
    readable(rows::named(connection, suspects, &mut findings), "what is counted and listed", &mut findings)?;
    readable(own_check::named(connection, &mut findings), "the indices", &mut findings)?;
    Ok(findings)
}

/// Turns what SQLite cannot read into a finding.
fn readable(outcome: Result<(), Error>, what: &str, findings: &mut Vec<Finding>) -> Result<(), Error> {
    match outcome {
        Err(Error::Sqlite(cause)) => {
            let text = format!("{what} cannot be read: {}", because(&Error::Sqlite(cause)));
            findings.push(Finding::new(FindingKind::Unreadable, text));
            Ok(())
        }
        other => other,
    }
}
