//! How often a token may ask.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::config::RateLimit;

/// Tokens remembered at a time; those that asked longest ago are forgotten first, and begin anew.
const REMEMBERED: usize = 10_000;

/// Counts the requests of each token: so many at once, and then so many a second.
pub(crate) struct Rate {
    limit: RateLimit,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    /// Requests that may still be made, at `at`.
    left: f64,
    at: Instant,
}

impl Rate {
    /// Makes the counter.
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self { limit, buckets: Mutex::new(HashMap::new()) }
    }

    /// Counts a request of a token at a time.
    ///
    /// # Errors
    /// How long to wait, when the token has asked too often.
    pub(crate) fn take(&self, token: &str, now: Instant) -> Result<(), Duration> {
        let (burst, per_second) = (f64::from(self.limit.burst), f64::from(self.limit.per_second));
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= REMEMBERED && !buckets.contains_key(token) {
            // Who has asked nothing for so long has all of it again: nothing is lost with the bucket.
            let refilled = Duration::from_secs_f64(burst / per_second);
            buckets.retain(|_, bucket| now.saturating_duration_since(bucket.at) < refilled);
            if buckets.len() >= REMEMBERED {
                buckets.clear();
            }
        }
        let full = Bucket { left: burst, at: now };
        let bucket = buckets.entry(token.to_owned()).or_insert(full);
        let since = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.left = (bucket.left + since * per_second).min(burst);
        bucket.at = now;
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - bucket.left) / per_second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_may_ask_in_a_burst_and_then_at_its_pace() {
        let rate = Rate::new(RateLimit { per_second: 2, burst: 3 });
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        for _ in 0..3 {
            rate.take("a", start).unwrap();
        }
        assert_eq!(rate.take("a", start).unwrap_err(), Duration::from_millis(500));
        rate.take("b", start).unwrap();
        rate.take("a", after(500)).unwrap();
        assert!(rate.take("a", after(600)).is_err());
        for _ in 0..3 {
            rate.take("a", after(60_000)).unwrap();
        }
        assert!(rate.take("a", after(60_000)).is_err(), "a burst does not grow with time");
    }

    #[test]
    fn memory_is_bounded_however_many_tokens_ask() {
        let rate = Rate::new(RateLimit { per_second: 1, burst: 1 });
        let now = Instant::now();
        for number in 0..2 * REMEMBERED + 1 {
            rate.take(&number.to_string(), now).unwrap();
        }
        assert!(rate.buckets.lock().unwrap().len() <= REMEMBERED);
    }
}
