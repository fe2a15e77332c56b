//! The one retry policy: exponential back-off with jitter, decided by the error's kind.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use conftrail_core::{ErrorKind, PortError};

/// The wait after what a person must mend: wrong passwords tried too often lock an account.
const NEEDS_A_PERSON: Duration = Duration::from_secs(10);

/// Computes how long to wait before the next attempt.
#[derive(Clone, Debug)]
pub struct Backoff {
    shortest: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    /// Waits `shortest` after the first failure and doubles up to `longest`.
    pub fn new(shortest: Duration, longest: Duration) -> Self {
        Self { shortest, longest, failures: 0 }
    }

    /// Forgets earlier failures.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Returns the wait after one more failure.
    pub fn failed(&mut self) -> Duration {
        let wait = Self::nth(self.shortest, self.longest, self.failures);
        self.failures = self.failures.saturating_add(1);
        wait
    }

    /// Returns the wait after one more failure of this kind. What a person must mend is tried less often.
    pub fn failed_with(&mut self, error: &PortError) -> Duration {
        let wait = self.failed();
        match error.kind() {
            ErrorKind::Unavailable { retry_after } => wait.max(retry_after.unwrap_or_default()),
            ErrorKind::Rejected | ErrorKind::Corrupt | ErrorKind::Misconfigured => wait.max(NEEDS_A_PERSON),
        }
    }

    /// Returns the wait after failure number `failures` (from 0), with a tenth of jitter.
    pub fn nth(shortest: Duration, longest: Duration, failures: u32) -> Duration {
        let exact = shortest.saturating_mul(1 << failures.min(20)).min(longest);
        // A fresh RandomState hashes differently each time: randomness enough to spread reconnects.
        let jitter = RandomState::new().hash_one(failures) % 1000;
        exact + exact.mul_f64(jitter as f64 / 10_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_with_at_most_a_tenth_more() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(8));
        for expected in [1, 2, 4, 8, 8] {
            let wait = backoff.failed().as_secs_f64();
            assert!(
                wait >= f64::from(expected) && wait <= f64::from(expected) * 1.1,
                "{wait} after {expected}"
            );
        }
        backoff.succeeded();
        assert!(backoff.failed() < Duration::from_secs(2));
    }

    #[test]
    fn the_other_sides_wish_is_honoured() {
        let mut backoff = Backoff::new(Duration::from_millis(1), Duration::from_secs(1));
        let busy = PortError::new(
            ErrorKind::Unavailable { retry_after: Some(Duration::from_secs(9)) },
            "write a page",
        );
        assert_eq!(backoff.failed_with(&busy), Duration::from_secs(9));
    }
}
