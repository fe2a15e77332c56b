//! audit: events from the change log go into the audit store; then the group's offset moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use conftrail_core::own::{Act, Aside};
use conftrail_core::ports::{self, Batch, ChangeLog, ControlStore, Delivery, LoggedRecord, WriteReport};
use conftrail_core::{Event, EventId, PortResult, Record};
use tokio_util::sync::CancellationToken;

use crate::failpoint::reach;
use crate::log_place::recognise;
use crate::metrics::Outcome;
use crate::own_source::health_act;
use crate::reached::Reached;
use crate::{Backoff, Metrics, Worker, now};

const GROUP: &str = "audit";

/// Writes the trail.
pub struct AuditWorker {
    log: Arc<dyn ChangeLog>,
    store: Arc<dyn ports::AuditWriter>,
    control: Arc<dyn ControlStore>,
    metrics: Metrics,
    stored: AtomicU64,
}

impl AuditWorker {
    /// Makes the worker.
    pub fn new(
        log: Arc<dyn ChangeLog>,
        store: Arc<dyn ports::AuditWriter>,
        control: Arc<dyn ControlStore>,
        metrics: Metrics,
    ) -> Self {
        Self { log, store, control, metrics, stored: AtomicU64::new(0) }
    }

    async fn write(&self, batch: &Batch, reached: &mut Reached) -> PortResult<()> {
        let mut events = Vec::with_capacity(batch.records.len());
        for logged in &batch.records {
            match &logged.record {
                Ok(Record::Change(event)) => {
                    reached.meet(event);
                    events.push(placed(event, logged));
                }
                Ok(Record::Progress(progress)) => reached.take(progress),
                Err(undecodable) => {
                    let aside = undecodable_aside(logged, &undecodable.bytes, &undecodable.error);
                    if self.control.set_aside(&aside).await? {
                        self.metrics.undecodable();
                        tracing::error!(key = aside.key, reason = aside.reason, "record set aside");
                    }
                }
            }
        }
        if !events.is_empty() {
            self.store(events).await?;
        }
        let progress = reached.due();
        if !progress.is_empty() {
            self.store.reached(&progress).await?;
        }
        Ok(())
    }

    async fn store(&self, mut events: Vec<Arc<Event>>) -> PortResult<()> {
        reach("audit.before_write");
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));
        loop {
            let report = self.store.write(&events).await?;
            self.account(&report, &events).await?;
            if report.retry.is_empty() {
                break;
            }
            events.retain(|event| report.retry.contains(&event.id));
            tokio::time::sleep(backoff.failed()).await;
        }
        reach("audit.after_write");
        Ok(())
    }

    async fn account(&self, report: &WriteReport, events: &[Arc<Event>]) -> PortResult<()> {
        let differing = report.conflicts.len() as u64;
        self.stored.fetch_add(report.done - report.repeated, Ordering::Relaxed);
        self.metrics.audit(Outcome::Stored, report.done - report.repeated);
        self.metrics.audit(Outcome::Repeated, report.repeated - report.re_attributed - differing);
        self.metrics.audit(Outcome::ReAttributed, report.re_attributed);
        self.metrics.audit(Outcome::Conflict, differing);
        for id in &report.conflicts {
            tracing::error!(event = %id, "a repeated event differs from the one on record; the first stays");
            self.control.record_act(&conflict(*id)).await?;
        }
        for refusal in &report.refused {
            self.metrics.audit(Outcome::Refused, 1);
            tracing::error!(event = %refusal.id, reason = refusal.reason, "event set aside");
            let bytes =
                events.iter().find(|event| event.id == refusal.id).and_then(|e| serde_json::to_vec(e).ok());
            let aside = Aside {
                place: "audit".to_owned(),
                key: refusal.id.to_string(),
                time: now(),
                reason: refusal.reason.clone(),
                bytes: bytes.unwrap_or_default(),
            };
            self.control.set_aside(&aside).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Worker for AuditWorker {
    fn name(&self) -> String {
        GROUP.to_owned()
    }

    async fn run(&self, shutdown: CancellationToken) -> PortResult<String> {
        recognise(&*self.log, &*self.control).await?;
        let mut subscription = self.log.subscribe(GROUP).await?;
        let mut reached = Reached::default();
        loop {
            let delivery = tokio::select! {
                () = shutdown.cancelled() => break,
                delivery = subscription.next() => delivery?,
            };
            let Delivery::Batch(batch) = delivery else { continue };
            self.write(&batch, &mut reached).await?;
            subscription.commit(&batch.next).await?;
            for logged in &batch.records {
                if let Ok(Record::Change(event)) = &logged.record {
                    self.metrics.recorded(event);
                }
            }
            reach("audit.after_commit");
            self.metrics.group_lag(GROUP, subscription.lag().await?);
        }
        Ok(format!("{} events stored", self.stored.load(Ordering::Relaxed)))
    }
}

/// Returns the event with its place in the log, which a subscription normally has set already.
fn placed(event: &Arc<Event>, logged: &LoggedRecord) -> Arc<Event> {
    if event.log == Some(logged.order) {
        return event.clone();
    }
    let mut placed = Event::clone(event);
    placed.log = Some(logged.order);
    Arc::new(placed)
}

fn undecodable_aside(logged: &LoggedRecord, bytes: &[u8], error: &str) -> Aside {
    let order = logged.order;
    Aside {
        place: "log".to_owned(),
        key: format!("{}/{}/{}", order.epoch, order.partition, order.offset),
        time: now(),
        reason: error.to_owned(),
        bytes: bytes.to_vec(),
    }
}

fn conflict(id: EventId) -> Act {
    let message = "a second reading of this event differs from the one on record";
    health_act(format!("event/{id}"), "conflict", message.to_owned())
}
