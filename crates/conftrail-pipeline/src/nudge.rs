//! Wakes the next worker in the same process, so that it need not wait for its poll.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

/// A wake-up that is remembered until someone waits for it. Losing one costs a poll interval, never a message.
#[derive(Clone, Debug, Default)]
pub struct Nudge(Arc<Notify>);

impl Nudge {
    /// Wakes the waiting worker, or the next one that waits.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits for a wake-up, but no longer than `longest`. Cancel-safe.
    pub async fn wait(&self, longest: Duration) {
        // Elapsing is the normal way on: other processes do not wake us.
        let _ = tokio::time::timeout(longest, self.0.notified()).await;
    }
}
