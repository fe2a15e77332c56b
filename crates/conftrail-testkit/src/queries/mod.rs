//! The query suite: a fixed set of events, queries over it, and what each must find, on every engine.
//!
//! An engine stores [`events`], runs every [`Case`] and compares the ids it found. `now` is [`now`].

mod cases;
pub mod naive;

use std::collections::BTreeMap;

use conftrail_core::query::Query;
use conftrail_core::{Event, EventId, Timestamp};

/// One query and what it must find.
#[derive(Clone, Debug)]
pub struct Case {
    /// The query as people write it.
    pub text: &'static str,
    /// The query.
    pub query: Query,
    /// The ids of all matching events, sorted as texts.
    pub expected: Vec<EventId>,
}

/// Returns what `now` means in the suite.
pub fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T12:00:00Z").expect("a literal RFC 3339 time")
}

/// Returns the events in log order, by the names that the cases use.
pub fn named_events() -> Vec<(String, Event)> {
    let events: BTreeMap<String, Event> = serde_json::from_str(include_str!("events.json"))
        .expect("the suite's own file, read by its own test");
    let mut events: Vec<(String, Event)> = events.into_iter().collect();
    events.sort_by_key(|(_, event)| event.log);
    events
}

/// Returns the events in log order.
pub fn events() -> Vec<Event> {
    named_events().into_iter().map(|(_, event)| event).collect()
}

/// Returns the cases.
///
/// # Panics
/// When a case names an event that does not exist or a query that does not parse.
pub fn cases() -> Vec<Case> {
    let events = named_events();
    let id_of = |name: &str| {
        let found = events.iter().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("no event is called {name}")).1.id
    };
    let all = |names: &str| -> Vec<EventId> {
        let mut ids: Vec<EventId> = match names {
            "every" => events.iter().map(|(_, event)| event.id).collect(),
            some => some.split_whitespace().map(id_of).collect(),
        };
        ids.sort();
        ids
    };
    let case = |&(text, names): &(&'static str, &str)| Case {
        text,
        query: Query::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")),
        expected: all(names),
    };
    cases::CASES.iter().map(case).collect()
}

/// Compares what an engine found with what a case expects.
///
/// # Panics
/// When they differ, naming the query and the events by their names.
pub fn check(case: &Case, found: impl IntoIterator<Item = EventId>) {
    let mut found: Vec<EventId> = found.into_iter().collect();
    found.sort();
    let names = named_events();
    let called = |ids: &[EventId]| -> Vec<String> {
        let name =
            |id: &EventId| names.iter().find(|(_, event)| event.id == *id).map(|(name, _)| name.clone());
        ids.iter().map(|id| name(id).unwrap_or_else(|| id.to_string())).collect()
    };
    assert!(
        found == case.expected,
        "{}\n  finds    {:?}\n  expected {:?}\n  tree     {}",
        case.text,
        called(&found),
        called(&case.expected),
        case.query
    );
}

#[cfg(test)]
mod tests {
    use conftrail_core::query::{EventView, matches};

    use super::*;

    #[test]
    fn the_matcher_finds_what_the_suite_expects() {
        let events = events();
        assert!(cases().len() >= 60, "only {}", cases().len());
        for case in cases() {
            let matching = events.iter().filter(|event| matches(&case.query, &EventView::new(event, now())));
            check(&case, matching.map(|event| event.id));
        }
    }

    #[test]
    fn the_naive_evaluation_finds_what_the_suite_expects() {
        let events = events();
        for case in cases() {
            let found = events.iter().filter(|event| naive::finds(case.text, event, now()));
            check(&case, found.map(|event| event.id));
        }
    }

    #[test]
    fn the_suite_has_every_field_and_every_operator() {
        let texts: Vec<&str> = cases().iter().map(|case| case.text).collect();
        let all = texts.join(" ");
        for sign in ["<", "<=", ">", ">=", ":*", "not ", " or ", " and ", "(", "\"", "\\", "*"] {
            assert!(all.contains(sign), "{sign}");
        }
        let printed: Vec<String> = cases().iter().map(|case| case.query.to_string()).collect();
        let families = ["before.", "after.", "detail.", "position.", "labels."];
        for field in conftrail_core::query::Field::names().chain(families) {
            assert!(printed.iter().any(|query| query.contains(field)), "no query asks for {field}");
        }
    }

    #[test]
    fn what_a_query_finds_meets_its_equalities() {
        let events = events();
        for case in cases() {
            for event in events.iter().filter(|event| case.expected.contains(&event.id)) {
                for equality in case.query.equalities() {
                    let mut met = false;
                    EventView::new(event, now())
                        .each_value(equality.field, |value| met |= equality.any_of.contains(&*value));
                    assert!(met, "{}: {} of {}", case.text, equality.field, event.id);
                }
            }
        }
    }

    #[test]
    fn the_suites_events_survive_their_own_format() {
        for event in events() {
            let text = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
        }
    }
}
