//! Queries: what parses prints so that it parses to the same tree, what does not is refused with a place in the text, and
//! matching agrees with the printed form and with `not`.
#![no_main]

use conftrail_core::Timestamp;
use conftrail_core::query::{EventView, Query, matches};
use conftrail_fuzz::EVENTS;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let query = match Query::parse(text) {
        Ok(query) => query,
        Err(error) => {
            assert!(
                error.span().end <= text.len() && text.get(error.span()).is_some(),
                "a place in the text"
            );
            let _shown = (error.caret(), error.line(), error.column(), error.to_string());
            return;
        }
    };
    let printed = query.to_string();
    let again = Query::parse(&printed).unwrap_or_else(|error| panic!("{printed:?} does not parse: {error}"));
    assert_eq!(again, query, "{printed:?}");
    let _rule_index = query.equalities();
    for event in EVENTS.iter() {
        let view = EventView::new(event, Timestamp::from_micros(1_795_174_315_727_249));
        let matched = matches(&query, &view);
        assert_eq!(matches(&Query::Not(Box::new(query.clone())), &view), !matched);
    }
});
