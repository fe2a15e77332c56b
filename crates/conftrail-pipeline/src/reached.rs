//! How far sources were read, as the trail is told: now and then, and never across a gap.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use conftrail_core::{Action, Event, Progress};

/// The trail is told of a source at most this often: each time is a transaction.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// What one batch of the log says of its sources.
#[derive(Default)]
pub(crate) struct Reached {
    told: HashMap<Arc<str>, Instant>,
    newest: HashMap<Arc<str>, Progress>,
}

impl Reached {
    pub(crate) fn take(&mut self, progress: &Progress) {
        self.newest.insert(progress.source.clone(), progress.clone());
    }

    /// Sees an event. What was read before a gap says nothing of what comes behind it, and the trail hears of the gap first.
    pub(crate) fn meet(&mut self, event: &Event) {
        if event.action == Action::Gap {
            self.newest.remove(&event.source.name);
        }
    }

    /// Returns what the trail is told once the batch's events are in it. What is left out comes again, newer.
    pub(crate) fn due(&mut self) -> Vec<Progress> {
        let told = &mut self.told;
        let due = self.newest.drain().filter(|(source, _)| {
            let is_due = told.get(source).is_none_or(|told| told.elapsed() >= TELL_EVERY);
            if is_due {
                told.insert(source.clone(), Instant::now());
            }
            is_due
        });
        due.map(|(_, progress)| progress).collect()
    }
}

#[cfg(test)]
mod tests {
    use conftrail_core::{Position, Timestamp};
    use conftrail_testkit::contract::events::event;

    use super::*;

    fn progress(seconds: i64) -> Progress {
        let source = Arc::from("orders-db");
        Progress { source, watermark: Timestamp::from_seconds(seconds), position: Position::default() }
    }

    #[test]
    fn the_newest_progress_of_a_batch_is_told_and_not_again_at_once() {
        let mut reached = Reached::default();
        reached.take(&progress(1));
        reached.take(&progress(2));
        assert_eq!(reached.due(), [progress(2)]);
        reached.take(&progress(3));
        assert!(reached.due().is_empty());
    }

    #[test]
    fn what_was_read_before_a_gap_is_not_told_behind_it() {
        let mut reached = Reached::default();
        reached.take(&progress(1));
        reached.meet(&Event { action: Action::Gap, ..event(1) });
        assert!(reached.due().is_empty());
        reached.meet(&Event { action: Action::Gap, ..event(2) });
        reached.take(&progress(2));
        assert_eq!(reached.due(), [progress(2)]);
    }
}
