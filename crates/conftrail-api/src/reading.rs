//! Reading is audited: what a token asked for, and how much it got, stands in conftrail's own trail before it gets it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use conftrail_core::alerting::derived_id;
use conftrail_core::own::Act;
use conftrail_core::{Action, Map, ResourceKind, Value};

use crate::access::Caller;
use crate::api::Shared;
use crate::clock;
use crate::problem::Problem;

/// The same token asking the same thing within this time is one reading: pages, refreshes, a follower.
const COALESCE: Duration = Duration::from_secs(60);
/// Readings remembered at a time; beyond it some are written twice.
const REMEMBERED: usize = 10_000;

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    route: &'static str,
    of: String,
    since: Option<String>,
    until: Option<String>,
    continued: bool,
}

impl Reading {
    /// A caller reads `of` (a query, an id, a resource) by the route `route`.
    pub(crate) fn new(route: &'static str, of: impl Into<String>) -> Self {
        Self { route, of: of.into(), since: None, until: None, continued: false }
    }

    /// With bounds of time, as they were written.
    pub(crate) fn between(mut self, since: Option<&str>, until: Option<&str>) -> Self {
        self.since = since.map(str::to_owned);
        self.until = until.map(str::to_owned);
        self
    }

    /// A further page of the same, if it is one: what it holds is added to what was read before.
    pub(crate) fn page(mut self, continued: bool) -> Self {
        self.continued = continued;
        self
    }

    fn key(&self, caller: &Caller) -> String {
        let [since, until] = [&self.since, &self.until].map(|bound| bound.as_deref().unwrap_or(""));
        derived_id(&[&caller.name, self.route, &self.of, since, until])
    }
}

/// What was read lately, by a hash of token and question.
#[derive(Default)]
pub(crate) struct Readings(Mutex<HashMap<String, Recent>>);

#[derive(Clone, Copy)]
struct Recent {
    at: Instant,
    /// Rows read in all since then.
    rows: u64,
    /// Rows that the last act on record tells of.
    written: u64,
}

impl Readings {
    /// Adds rows; returns how many are to be written down, if that is due. Further pages are written down when what is on
    /// record has doubled, so that it never tells of less than half.
    fn add(&self, key: &str, rows: u64, continued: bool) -> Option<u64> {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = recent.get_mut(key).filter(|known| known.at.elapsed() < COALESCE) else {
            return Some(rows);
        };
        if continued {
            known.rows = known.rows.saturating_add(rows);
        }
        (known.rows >= known.written.saturating_mul(2) && known.rows > known.written).then_some(known.rows)
    }

    /// Remembers that an act tells of so many rows.
    fn wrote(&self, key: String, rows: u64) {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= REMEMBERED {
            recent.retain(|_, known| known.at.elapsed() < COALESCE);
        }
        if recent.len() >= REMEMBERED {
            recent.clear();
        }
        let fresh = Recent { at: Instant::now(), rows, written: rows };
        match recent.get_mut(&key).filter(|known| known.at.elapsed() < COALESCE) {
            Some(known) => known.written = known.written.max(rows),
            None => drop(recent.insert(key, fresh)),
        }
    }
}

/// Writes down that a caller reads something, and how many rows of it.
pub(crate) async fn record(
    shared: &Shared,
    caller: &Caller,
    reading: &Reading,
    rows: usize,
) -> Result<(), Problem> {
    let key = reading.key(caller);
    let rows = u64::try_from(rows).unwrap_or(u64::MAX);
    let Some(rows) = shared.readings.add(&key, rows, reading.continued) else { return Ok(()) };
    let mut read = Map::default();
    // A person may paste a secret into a search; it must not come into the trail by this door.
    let masked = |text: &str| Value::Text(shared.parts.masker.text(text).into());
    read.insert("of", masked(&reading.of));
    for (name, bound) in [("since", &reading.since), ("until", &reading.until)] {
        if let Some(bound) = bound {
            read.insert(name, masked(bound));
        }
    }
    read.insert("rows", rows);
    let act = Act {
        time: clock::now(),
        actor: caller.name.clone(),
        via: "token".to_owned(),
        action: Action::Create,
        kind: ResourceKind::View,
        name: reading.route.to_owned(),
        before: None,
        after: Some(Value::Map(read)),
        message: None,
    };
    shared.parts.control.record_act(&act).await?;
    shared.readings.wrote(key, rows);
    (shared.parts.acted)();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_however_many_things_are_read() {
        let readings = Readings::default();
        for number in 0..3 * REMEMBERED {
            let key = number.to_string();
            assert_eq!(readings.add(&key, 5, false), Some(5));
            readings.wrote(key.clone(), 5);
            assert_eq!(readings.add(&key, 5, false), None, "the same again");
        }
        assert!(readings.0.lock().unwrap().len() <= REMEMBERED);
    }

    #[test]
    fn what_is_on_record_is_never_less_than_half_of_what_was_read() {
        let readings = Readings::default();
        let (mut read, mut written, mut acts) = (0_u64, 0, 0);
        for page in 0..1000 {
            read += 7;
            if let Some(rows) = readings.add("key", 7, page > 0) {
                readings.wrote("key".to_owned(), rows);
                written = rows;
                acts += 1;
            }
            assert!(written * 2 >= read, "{written} of {read}");
        }
        assert!(acts < 15, "{acts}");
        assert_eq!(readings.add("nothing", 0, false), Some(0));
        readings.wrote("nothing".to_owned(), 0);
        assert_eq!(readings.add("nothing", 0, true), None);
        assert_eq!(readings.add("nothing", 1, true), Some(1));
    }
}
