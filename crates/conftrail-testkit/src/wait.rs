//! Waiting for a state with a deadline, in place of sleeping.

use std::time::{Duration, Instant};

/// How long to pause between two looks at the state.
const PAUSE: Duration = Duration::from_millis(15);

/// Calls `probe` until it returns a value, and returns that value. Panics with `what` when `deadline` has passed;
/// the last look is taken after the deadline, so that a slow machine does not fail a state that was reached.
pub async fn until<T>(deadline: Duration, what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        let last_look = started.elapsed() >= deadline;
        if let Some(value) = probe().await {
            return value;
        }
        assert!(!last_look, "not within {deadline:?}: {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_value_ends_the_wait() {
        let mut looks = 0;
        let value = until(Duration::from_secs(5), "three looks", async || {
            looks += 1;
            (looks == 3).then_some(looks)
        })
        .await;
        assert_eq!(value, 3);
    }

    #[tokio::test]
    #[should_panic(expected = "a state that never comes")]
    async fn a_passed_deadline_panics_with_what_was_awaited() {
        until(Duration::from_millis(20), "a state that never comes", async || None::<()>).await;
    }
}
