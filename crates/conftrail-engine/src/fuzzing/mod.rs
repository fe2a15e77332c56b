//! What the fuzzer calls, a function for each of its targets: everything of this crate that reads bytes from outside. In no other
//! build; the tests run each with the inputs that are kept.

mod events;
mod files;
mod when;

use std::sync::LazyLock;

use conftrail_core::{Event, Timestamp};

pub use events::events;
pub use files::{routing, rules};
pub use when::when;

#[cfg(test)]
#[path = "../../../../fuzz/kept.rs"]
mod kept;

/// When events are judged.
const NOW: Timestamp = Timestamp::from_micros(1_795_174_315_727_249);

/// Events to judge.
static EVENTS: LazyLock<Vec<Event>> = LazyLock::new(|| {
    [
        include_str!("../../../../fuzz/events/row.json"),
        include_str!("../../../../fuzz/events/document.json"),
        include_str!("../../../../fuzz/events/statement.json"),
    ]
    .map(|text| serde_json::from_str(text).expect("the samples are events"))
    .into()
});

#[cfg(test)]
mod tests {
    use super::kept::replay;

    #[test]
    fn no_kept_event_breaks_anything() {
        replay("events", 100, super::events);
    }

    #[test]
    fn no_kept_rule_file_breaks_anything() {
        replay("rules", 100, super::rules);
    }

    #[test]
    fn no_kept_condition_breaks_anything() {
        replay("when", 100, super::when);
    }

    #[test]
    fn no_kept_routing_file_breaks_anything() {
        replay("routing", 100, super::routing);
    }
}
