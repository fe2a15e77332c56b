//! Events that have served, on their way back to the thread that made them.

use std::sync::{Arc, Mutex, PoisonError};

use conftrail_core::Event;

/// The reader takes back what waits with each batch that it hands on; more than a few batches wait only while it is idle.
const MOST_WAITING: usize = 4;

/// Batches of events that nobody needs any more.
///
/// Memory is given back and taken again fastest by the thread that took it: events which the consumer drops make the reader
/// fetch each of their blocks from the other core's cache.
#[derive(Debug, Default)]
pub(super) struct Spent {
    waiting: Mutex<Vec<Vec<Arc<Event>>>>,
}

impl Spent {
    /// Leaves a batch to the reader, unless that has enough of them.
    pub(super) fn leave(&self, events: Vec<Arc<Event>>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST_WAITING {
            waiting.push(events);
        }
    }

    /// Drops what was left.
    pub(super) fn drop_all(&self) {
        let left = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use conftrail_core::capture::{Draft, Payload};
    use conftrail_core::{Action, Event, Origin, Resource, ResourceKind, SmolStr, Timestamp};

    use super::{MOST_WAITING, Spent};

    fn event() -> Arc<Event> {
        let [kind, name, channel] = ["mysql", "db", "binlog"].map(Arc::from);
        let origin = Origin { kind, name, channel, version: None };
        let resource = Resource::new("mysql", "db", ResourceKind::Source, None, None, "binlog");
        let draft = Draft::new(origin, Timestamp::default(), Timestamp::default(), SmolStr::default(), 0);
        draft.finish(Action::Gap, resource, Payload::default())
    }

    #[test]
    fn what_is_left_waits_for_the_reader_and_no_more_than_a_few_batches_do() {
        let (spent, event) = (Spent::default(), event());
        for _ in 0..MOST_WAITING + 3 {
            spent.leave(vec![event.clone()]);
        }
        assert_eq!(Arc::strong_count(&event), MOST_WAITING + 1);
        spent.drop_all();
        assert_eq!(Arc::strong_count(&event), 1);
    }
}
