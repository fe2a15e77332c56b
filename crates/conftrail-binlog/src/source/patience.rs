//! How long a server may be silent: longer each time it was, for one that reads a large event off a slow disk says nothing
//! meanwhile, not even that it is alive.

use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use conftrail_core::PortError;

use crate::wire::WireError;

/// How long a server may be silent at first: three heartbeats.
const FIRST: Duration = Duration::from_secs(3);
/// How often that is doubled at most: an event of 1 GiB comes within 96 s, or the disk reads less than 11 MB a second.
const MOST_DOUBLINGS: u32 = 5;

/// Counts how often in a row readings ended in silence.
#[derive(Debug, Default)]
pub(super) struct Patience {
    silences: AtomicU32,
}

impl Patience {
    /// Returns how long the next reading is to wait.
    pub(super) fn now(&self) -> Duration {
        FIRST * 2_u32.pow(self.silences.load(Ordering::Relaxed).min(MOST_DOUBLINGS))
    }

    /// Takes note of why a reading ended.
    pub(super) fn ended(&self, error: &PortError) {
        let cause = error.source().and_then(|cause| cause.downcast_ref::<WireError>());
        if matches!(cause, Some(WireError::Silent(_))) {
            let silences = self.silences.load(Ordering::Relaxed);
            self.silences.store(silences.saturating_add(1), Ordering::Relaxed);
        }
    }

    /// Takes note that a reading got on.
    pub(super) fn got_on(&self) {
        self.silences.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_grows_with_silence_alone_and_ends_when_reading_gets_on() {
        let patience = Patience::default();
        let silent = PortError::from(WireError::Silent(FIRST));
        assert_eq!(patience.now(), Duration::from_secs(3));
        patience.ended(&silent);
        patience.ended(&PortError::from(WireError::Closed));
        patience.ended(&silent);
        assert_eq!(patience.now(), Duration::from_secs(12));
        for _ in 0..40 {
            patience.ended(&silent);
        }
        assert_eq!(patience.now(), Duration::from_secs(96));
        patience.got_on();
        assert_eq!(patience.now(), Duration::from_secs(3));
    }
}
