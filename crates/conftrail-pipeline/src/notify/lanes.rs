//! What is being sent to each integration: none waits for another.

use std::collections::{HashMap, HashSet};

use conftrail_core::Timestamp;
use conftrail_core::alerting::Lane;

/// Messages being sent to one integration at the same time.
pub(super) const AT_ONCE: usize = 4;

/// The integrations that something is being sent to, or that may not be told yet.
#[derive(Debug, Default)]
pub(super) struct Lanes(HashMap<Lane, State>);

#[derive(Debug, Default)]
struct State {
    /// Ids of what is being sent.
    begun: HashSet<String>,
    not_before: Option<Timestamp>,
}

impl Lanes {
    /// Takes a notification, if its integration has room for it now; each is taken once until it is [`ended`](Self::ended).
    pub(super) fn begin(&mut self, lane: &Lane, id: &str, now: Timestamp) -> bool {
        let state = self.0.entry(lane.clone()).or_default();
        let has_room = state.begun.len() < AT_ONCE && state.not_before.is_none_or(|time| time <= now);
        has_room && state.begun.insert(id.to_owned())
    }

    /// Notes that an attempt ended, or was not made because the integration may not be told before a time.
    pub(super) fn ended(&mut self, lane: &Lane, id: &str, not_before: Option<Timestamp>) {
        if let Some(state) = self.0.get_mut(lane) {
            state.begun.remove(id);
            state.not_before = not_before.or(state.not_before);
        }
    }

    /// Says whether nothing is being sent to an integration.
    pub(super) fn is_idle(&self, lane: &Lane) -> bool {
        self.0.get(lane).is_none_or(|state| state.begun.is_empty())
    }

    /// Returns when the first integration that may not be told yet may be.
    pub(super) fn next_free(&self, now: Timestamp) -> Option<Timestamp> {
        self.0.values().filter_map(|state| state.not_before).filter(|time| *time > now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integration_has_its_own_room_and_its_own_time() {
        let lane = |name: &str| Lane { receiver: "ops".to_owned(), integration: name.to_owned() };
        let (a, b, now) = (lane("a"), lane("b"), Timestamp::from_seconds(100));
        let mut lanes = Lanes::default();
        for id in ["1", "2", "3", "4"] {
            assert!(lanes.begin(&a, id, now) && !lanes.begin(&a, id, now));
        }
        assert!(!lanes.begin(&a, "5", now) && lanes.begin(&b, "5", now));
        let later = Timestamp::from_seconds(130);
        lanes.ended(&a, "1", Some(later));
        assert!(!lanes.begin(&a, "5", now) && lanes.begin(&a, "5", later));
        assert_eq!((lanes.next_free(now), lanes.next_free(later)), (Some(later), None));
        assert!(!lanes.is_idle(&a));
        lanes.ended(&b, "5", None);
        assert!(lanes.is_idle(&b) && lanes.is_idle(&lane("c")));
    }
}
