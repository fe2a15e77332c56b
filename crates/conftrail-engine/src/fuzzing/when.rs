//! Conditions of rules: each is refused with a place inside of it, or runs over every event.

use conftrail_core::query::{EventView, matches};

use super::{EVENTS, NOW};
use crate::cel::{Cause, Names, Program};
use crate::intervals::TimeIntervals;

/// Compiles a condition, evaluates and explains it.
///
/// # Panics
/// When a refusal gives no reason or a place outside of the text, when an explanation says otherwise than the evaluation, or when what
/// the rules' index goes by would leave out an event for which the condition is true or fails.
pub fn when(input: &[u8]) {
    let text = input.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let intervals = TimeIntervals::default();
    let program = match Program::compile(text, &Names::new(&intervals), true) {
        Ok(program) => program,
        Err(complaints) => {
            assert!(!complaints.is_empty(), "a refusal says why");
            for complaint in complaints {
                assert!(!complaint.message.is_empty(), "a mistake says what");
                assert!(
                    complaint.span.end <= text.len(),
                    "{complaint:?} is not in a text of {} bytes",
                    text.len()
                );
            }
            return;
        }
    };
    let filter = program.filter();
    for event in EVENTS.iter() {
        let change = event.changes.first();
        let holds = program.holds(event, change);
        assert_eq!(program.explain(event, change).holds, holds, "an explanation agrees");
        // A budget that is used up leaves the rest unknown.
        let is_open = matches!(&holds, Err(error) if matches!(error.cause, Cause::Rounds | Cause::Work));
        let kept = is_open || matches(&filter, &EventView::new(event, NOW));
        assert!(kept || holds == Ok(false), "{holds:?} is left out");
    }
}
