//! Reading is audited: what a token asked for stands in conftrail's own trail before it gets the answer.

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

/// The same token asking for the same thing within this time is one reading: pages, refreshes, a follower.
const COALESCE: Duration = Duration::from_secs(60);
/// Readings remembered at a time; beyond it some are written twice.
const REMEMBERED: usize = 10_000;

/// What was read lately, by a hash of token and request.
#[derive(Default)]
pub(crate) struct Readings(Mutex<HashMap<String, Instant>>);

impl Readings {
    fn is_known(&self, key: &str) -> bool {
        let recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.get(key).is_some_and(|at| at.elapsed() < COALESCE)
    }

    fn remember(&self, key: String) {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= REMEMBERED {
            recent.retain(|_, at| at.elapsed() < COALESCE);
        }
        if recent.len() >= REMEMBERED {
            recent.clear();
        }
        recent.insert(key, Instant::now());
    }
}

/// Writes down that a caller reads `of` (a query, an id, a resource) by the route `route`.
pub(crate) async fn record(
    shared: &Shared,
    caller: &Caller,
    route: &'static str,
    of: &str,
) -> Result<(), Problem> {
    let key = derived_id(&[&caller.name, route, of]);
    if shared.readings.is_known(&key) {
        return Ok(());
    }
    let mut read = Map::default();
    // A person may paste a secret into a search; it must not come into the trail by this door.
    read.insert("of", Value::Text(shared.parts.masker.text(of).into()));
    let act = Act {
        time: clock::now(),
        actor: caller.name.clone(),
        via: "token".to_owned(),
        action: Action::Create,
        kind: ResourceKind::View,
        name: route.to_owned(),
        before: None,
        after: Some(Value::Map(read)),
        message: None,
    };
    shared.parts.control.record_act(&act).await?;
    shared.readings.remember(key);
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
            readings.remember(number.to_string());
            assert!(readings.is_known(&number.to_string()));
        }
        assert!(readings.0.lock().unwrap().len() <= REMEMBERED);
    }
}
