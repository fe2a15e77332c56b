//! notify: due notifications are sent, each integration on its own; intent first, then the message.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use conftrail_core::alerting::{Notification, Settlement};
use conftrail_core::ports::{ControlStore, DeliveryError};
use conftrail_core::{PortResult, Timestamp};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use crate::failpoint::reach;
use crate::metrics::Outcome;
use crate::own_source::health_act;
use crate::{Backoff, Metrics, Nudge, Published, Worker, now};

/// Notifications taken in one go.
const TAKE: usize = 64;
/// Messages being sent at the same time.
const AT_ONCE: usize = 8;
/// How long work of another process may wait to be seen.
const POLL: Duration = Duration::from_secs(1);

/// How long and how often delivery is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryPolicy {
    /// The wait after the first failure.
    pub first_retry: Duration,
    /// The longest wait between attempts.
    pub longest_retry: Duration,
    /// After this a notification is dead.
    pub max_age: Duration,
}

impl Default for DeliveryPolicy {
    fn default() -> Self {
        Self {
            first_retry: Duration::from_secs(5),
            longest_retry: Duration::from_secs(30 * 60),
            max_age: Duration::from_secs(24 * 3600),
        }
    }
}

/// Sends what is due.
pub struct NotifyWorker {
    published: Published,
    control: Arc<dyn ControlStore>,
    policy: DeliveryPolicy,
    due: Nudge,
    acted: Nudge,
    metrics: Metrics,
    sent: AtomicU64,
}

impl NotifyWorker {
    /// Makes the worker: `due` wakes it, and it wakes `acted` when it wrote an own act.
    pub fn new(
        published: Published,
        control: Arc<dyn ControlStore>,
        policy: DeliveryPolicy,
        due: Nudge,
        acted: Nudge,
        metrics: Metrics,
    ) -> Self {
        Self { published, control, policy, due, acted, metrics, sent: AtomicU64::new(0) }
    }

    /// Sends one notification and returns its id, so that the caller knows which one ended.
    async fn send(&self, notification: Notification) -> (String, PortResult<()>) {
        let outcome = self.attempt(&notification).await;
        (notification.id, outcome)
    }

    /// Makes one attempt: intent, message, result.
    async fn attempt(&self, notification: &Notification) -> PortResult<()> {
        if !self.control.intend(&notification.id, now()).await? {
            return Ok(());
        }
        reach("notify.after_intent");
        let receiver = self.published.current().receiver(&notification.receiver, &notification.integration);
        let outcome = match receiver {
            Some(receiver) => receiver.deliver(notification).await,
            None => {
                Err(DeliveryError::Permanent { reason: "the receiver is not configured any more".to_owned() })
            }
        };
        reach("notify.after_delivery");
        let settlement = self.settlement(notification, outcome, now());
        self.control.settle(&notification.id, &settlement).await?;
        reach("notify.after_settle");
        self.tell(notification, &settlement).await
    }

    fn settlement(
        &self,
        notification: &Notification,
        outcome: Result<conftrail_core::ports::Receipt, DeliveryError>,
        at: Timestamp,
    ) -> Settlement {
        let (first, longest) = (self.policy.first_retry, self.policy.longest_retry);
        let wait = Backoff::nth(first, longest, notification.attempts);
        let expired = at.since(notification.created) >= self.policy.max_age;
        match outcome {
            Ok(receipt) => Settlement::Sent { receipt: receipt.0, at },
            Err(DeliveryError::Permanent { reason }) => Settlement::Dead { error: reason, at },
            Err(DeliveryError::Retry { reason, .. } | DeliveryError::Unknown { reason }) if expired => {
                Settlement::Dead {
                    error: format!("gave up after {} attempts: {reason}", notification.attempts + 1),
                    at,
                }
            }
            Err(DeliveryError::Retry { after, reason }) => {
                Settlement::Retry { due: at.plus(wait.max(after.unwrap_or_default())), error: reason }
            }
            Err(DeliveryError::Unknown { reason }) => {
                Settlement::Unknown { due: at.plus(wait), error: reason }
            }
        }
    }

    async fn tell(&self, notification: &Notification, settlement: &Settlement) -> PortResult<()> {
        let (id, integration) = (&notification.id, &notification.integration);
        match settlement {
            Settlement::Sent { .. } => {
                self.sent.fetch_add(1, Ordering::Relaxed);
                self.metrics.notification(Outcome::Sent);
                tracing::info!(notification = id, receiver = notification.receiver, "notification sent");
            }
            Settlement::Retry { error, .. } => {
                self.metrics.notification(Outcome::Retried);
                tracing::warn!(notification = id, integration, error, "notification failed, will retry");
            }
            Settlement::Unknown { error, .. } => {
                self.metrics.notification(Outcome::Unknown);
                tracing::warn!(
                    notification = id,
                    integration,
                    error,
                    "notification may have arrived, will repeat"
                );
            }
            Settlement::Dead { error, .. } => {
                self.metrics.notification(Outcome::Dead);
                tracing::error!(notification = id, integration, error, "notification is dead");
                // A dead letter about a dead letter would go round for ever.
                if notification.announcement.rule != "conftrail/dead-letter" {
                    let name = format!("receiver/{}/{integration}", notification.receiver);
                    self.control.record_act(&health_act(name, "dead_letter", error.clone())).await?;
                    self.acted.wake();
                }
            }
        }
        Ok(())
    }

    /// Returns how long to sleep: until the next notification is due, but no longer than a poll.
    async fn pause(&self) -> PortResult<Duration> {
        let next = self.control.next_due().await?;
        Ok(next.map_or(POLL, |due| due.since(now()).min(POLL)).max(Duration::from_millis(5)))
    }
}

#[async_trait]
impl Worker for NotifyWorker {
    fn name(&self) -> String {
        "notify".to_owned()
    }

    async fn run(&self, shutdown: CancellationToken) -> PortResult<String> {
        let interrupted = self.control.recover_intents(now()).await?;
        if interrupted > 0 {
            tracing::warn!(
                interrupted,
                "notifications were being sent when the process ended; they are repeated"
            );
        }
        let mut sending = FuturesUnordered::new();
        let mut begun = HashSet::new();
        let mut failure = None;
        while !shutdown.is_cancelled() && failure.is_none() {
            let due = self.control.due_notifications(now(), TAKE).await?;
            for notification in due {
                if sending.len() < AT_ONCE && begun.insert(notification.id.clone()) {
                    sending.push(self.send(notification));
                }
            }
            let pause = self.pause().await?;
            tokio::select! {
                () = shutdown.cancelled() => {}
                Some((id, outcome)) = sending.next() => {
                    begun.remove(&id);
                    failure = outcome.err();
                }
                () = self.due.wait(pause), if sending.len() < AT_ONCE => {}
            }
        }
        // What was begun is finished even while stopping: an intent without a result costs a repeat.
        while let Some((_, outcome)) = sending.next().await {
            failure = failure.or(outcome.err());
        }
        match failure {
            Some(error) => Err(error),
            None => Ok(format!("{} notifications sent", self.sent.load(Ordering::Relaxed))),
        }
    }
}
