//! The worker: takes what is due, lets each integration have its room and its pace, and settles what comes of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use conftrail_core::alerting::{Begin, Lane, Notification, Settlement};
use conftrail_core::ports::{ControlStore, DeliveryError};
use conftrail_core::{PortResult, Timestamp};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use super::DeliveryPolicy;
use super::lanes::{AT_ONCE, Lanes};
use crate::failpoint::reach;
use crate::metrics::Outcome;
use crate::own_source::health_act;
use crate::{Metrics, Nudge, Published, Worker, now};

/// How long work of another process may wait to be seen.
const POLL: Duration = Duration::from_secs(1);
/// The shortest wait for what is about to become due.
const SHORTEST: Duration = Duration::from_millis(5);

/// Sends what is due.
pub struct NotifyWorker {
    pub(super) published: Published,
    pub(super) control: Arc<dyn ControlStore>,
    pub(super) policy: DeliveryPolicy,
    due: Nudge,
    acted: Nudge,
    pub(super) metrics: Metrics,
    sent: AtomicU64,
}

/// How sending one notification ended: the next time its integration may be told, where that is why it was not sent.
struct Ended {
    lane: Lane,
    id: String,
    outcome: PortResult<Option<Timestamp>>,
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

    async fn send(&self, lane: Lane, notification: Notification) -> Ended {
        let outcome = self.attempt(&lane, &notification).await;
        Ended { lane, id: notification.id, outcome }
    }

    /// Makes one attempt: intent, message, result. Returns when the integration may be told, if that is not now.
    async fn attempt(&self, lane: &Lane, notification: &Notification) -> PortResult<Option<Timestamp>> {
        let receiver = self.published.current().receiver(lane);
        let pace = receiver.as_ref().and_then(|receiver| receiver.pace(&lane.integration));
        let begin = match pace {
            Some(pace) => self.control.intend_within(&notification.id, now(), pace.limit).await?,
            None if self.control.intend(&notification.id, now()).await? => Begin::Now,
            None => Begin::Not,
        };
        match begin {
            Begin::Now => {}
            Begin::NotBefore(time) => return Ok(Some(time)),
            Begin::Not => return Ok(None),
        }
        reach("notify.after_intent");
        let outcome = match receiver {
            Some(receiver) => receiver.deliver(notification).await,
            None => {
                Err(DeliveryError::Permanent { reason: "the receiver is not configured any more".to_owned() })
            }
        };
        reach("notify.after_delivery");
        let settlement = self.policy.settlement(notification, outcome, now());
        let instead = self.instead_of_dead(notification, &settlement);
        self.control.settle_and_fall_back(&notification.id, &settlement, &instead).await?;
        reach("notify.after_settle");
        self.tell(notification, &settlement).await.map(|()| None)
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

    /// Folds what is too much, and returns what is due and has room.
    async fn take(&self, lanes: &mut Lanes) -> PortResult<Vec<(Lane, Notification)>> {
        self.fall_back_overdue().await?;
        let mut due = self.control.due_notifications(now(), AT_ONCE).await?;
        let mut folded = false;
        let in_force = self.published.current();
        for lane in due.iter().map(lane_of).collect::<BTreeSet<_>>() {
            let pace = in_force.receiver(&lane).and_then(|receiver| receiver.pace(&lane.integration));
            if let Some(pace) = pace
                && lanes.is_idle(&lane)
            {
                folded |= self.fold(&lane, pace).await?;
            }
        }
        if folded {
            due = self.control.due_notifications(now(), AT_ONCE).await?;
        }
        let at = now();
        let with_lane = due.into_iter().map(|notification| (lane_of(&notification), notification));
        Ok(with_lane.filter(|(lane, notification)| lanes.begin(lane, &notification.id, at)).collect())
    }

    /// Returns how long to sleep: until the next notification is due or an integration may be told again, but no longer than a
    /// poll. What is due already waits for room, and whatever makes room wakes us.
    async fn pause(&self, lanes: &Lanes) -> PortResult<Duration> {
        let at = now();
        let next = self.control.next_due(at).await?.into_iter().chain(lanes.next_free(at)).min();
        Ok(next.map_or(POLL, |due| due.since(at).min(POLL)).max(SHORTEST))
    }
}

fn lane_of(notification: &Notification) -> Lane {
    Lane { receiver: notification.receiver.clone(), integration: notification.integration.clone() }
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
        let mut lanes = Lanes::default();
        let mut failure = None;
        while !shutdown.is_cancelled() && failure.is_none() {
            let pause = match self.take(&mut lanes).await {
                Ok(taken) => {
                    taken.into_iter().for_each(|(lane, one)| sending.push(self.send(lane, one)));
                    self.pause(&lanes).await
                }
                Err(error) => Err(error),
            };
            let pause = match pause {
                Ok(pause) => pause,
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                Some(Ended { lane, id, outcome }) = sending.next() => match outcome {
                    Ok(not_before) => lanes.ended(&lane, &id, not_before),
                    Err(error) => failure = Some(error),
                },
                () = self.due.wait(pause) => {}
            }
        }
        // What was begun is finished even while stopping: an intent without a result costs a repeat.
        while let Some(ended) = sending.next().await {
            failure = failure.or(ended.outcome.err());
        }
        match failure {
            Some(error) => Err(error),
            None => Ok(format!("{} notifications sent", self.sent.load(Ordering::Relaxed))),
        }
    }
}
