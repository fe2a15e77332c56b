//! Until when the server keeps what is not read yet.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use conftrail_core::Timestamp;

/// Stands for no such time.
const NEVER: i64 = i64::MIN;

/// The time until which the server keeps all that is not read yet, for whoever asks beside the reading.
///
/// A file of the binlog goes when it was not changed for as long as the server is told to keep it. What is not read yet
/// was committed after all that was read, and stands in a file that was changed then or later: the time is never too late, except
/// where somebody purges by hand or the server by size.
#[derive(Debug)]
pub(super) struct KeptUntil(AtomicI64);

impl Default for KeptUntil {
    fn default() -> Self {
        Self(AtomicI64::new(NEVER))
    }
}

impl KeptUntil {
    /// Returns the time; none where it is not known, or everything is kept until somebody purges it.
    pub(super) fn get(&self) -> Option<Timestamp> {
        let micros = self.0.load(Ordering::Relaxed);
        (micros != NEVER).then(|| Timestamp::from_micros(micros))
    }

    fn set(&self, time: Option<Timestamp>) {
        self.0.store(time.map_or(NEVER, Timestamp::micros), Ordering::Relaxed);
    }
}

/// Up to which time everything is read, as one reading comes to know it.
#[derive(Debug, Default)]
pub(super) struct ReadUpTo(Option<Timestamp>);

impl ReadUpTo {
    /// Learns the server's own clock up to which all is read, or when a transaction was committed that was read, and tells until
    /// when what came after is kept. A commit in the future is none: somebody set its time.
    pub(super) fn learn(
        &mut self,
        clock: Option<Timestamp>,
        (committed, now): (Option<Timestamp>, Timestamp),
        kept: Option<Duration>,
        until: &KeptUntil,
    ) {
        self.0 = self.0.max(clock).max(committed.filter(|time| *time <= now));
        until.set(self.0.zip(kept).map(|(time, kept)| time.plus(kept)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_committed_after_all_that_was_read_is_kept_so_long_and_a_time_of_the_future_does_not_count() {
        let (until, mut read) = (KeptUntil::default(), ReadUpTo::default());
        let at = Timestamp::from_seconds;
        let mut check = |time: Option<i64>, kept: Option<u64>, expected: Option<i64>| {
            read.learn(None, (time.map(at), at(100)), kept.map(Duration::from_secs), &until);
            assert_eq!(until.get(), expected.map(at), "{time:?} {kept:?}");
        };
        check(None, Some(50), None);
        check(Some(10), Some(50), Some(60));
        check(Some(2_000), Some(50), Some(60));
        check(Some(5), Some(50), Some(60));
        check(Some(20), Some(50), Some(70));
        check(None, Some(500), Some(520));
        check(Some(30), None, None);
        check(None, Some(50), Some(80));
        // The server's clock may be ahead of ours.
        read.learn(Some(at(110)), (None, at(100)), Some(Duration::from_secs(50)), &until);
        assert_eq!(until.get(), Some(at(160)));
    }
}
