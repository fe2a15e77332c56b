//! Queries: what parses prints so that it parses to the same tree, what does not is refused with a place in the text, and
//! matching agrees with the printed form and with `not`.

use std::sync::LazyLock;

use crate::query::{EventView, Query, matches};
use crate::{Event, Timestamp};

/// Events to match queries against.
static EVENTS: LazyLock<Vec<Event>> = LazyLock::new(|| {
    [
        include_str!("../../../../fuzz/events/row.json"),
        include_str!("../../../../fuzz/events/document.json"),
        include_str!("../../../../fuzz/events/statement.json"),
    ]
    .map(|text| serde_json::from_str(text).expect("the samples are events"))
    .into()
});

/// Reads a query and asks it of a few events.
///
/// # Panics
/// When something that must hold of every query does not.
pub fn query(input: &[u8]) {
    let text = super::text(input);
    let query = match Query::parse(text) {
        Ok(query) => query,
        Err(error) => {
            assert!(text.get(error.span()).is_some(), "a place in the text");
            let _shown = (error.caret(), error.line(), error.column(), error.to_string());
            return;
        }
    };
    let printed = query.to_string();
    let again = Query::parse(&printed).unwrap_or_else(|error| panic!("{printed:?} does not parse: {error}"));
    assert_eq!(again, query, "{printed:?}");
    let _rule_index = query.equalities();
    let negated = Query::Not(Box::new(query.clone()));
    for event in EVENTS.iter() {
        let view = EventView::new(event, Timestamp::from_micros(1_795_174_315_727_249));
        assert_eq!(matches(&negated, &view), !matches(&query, &view));
    }
}
