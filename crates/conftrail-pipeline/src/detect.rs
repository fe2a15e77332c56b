//! detect: every rule meets every event; what it finds is stored; then the group's offset moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use conftrail_core::alerting::Verdict;
use conftrail_core::ports::{Batch, ChangeLog, ControlStore, Delivery};
use conftrail_core::{PortResult, Record};
use tokio_util::sync::CancellationToken;

use crate::failpoint::reach;
use crate::log_place::recognise;
use crate::{Metrics, Nudge, Published, Worker, now};

const GROUP: &str = "detect";

/// Judges events by the rules.
pub struct DetectWorker {
    log: Arc<dyn ChangeLog>,
    control: Arc<dyn ControlStore>,
    published: Published,
    found: Nudge,
    metrics: Metrics,
    detections: AtomicU64,
}

impl DetectWorker {
    /// Makes the worker; it wakes `found` when there is something to fold.
    pub fn new(
        log: Arc<dyn ChangeLog>,
        control: Arc<dyn ControlStore>,
        published: Published,
        found: Nudge,
        metrics: Metrics,
    ) -> Self {
        Self { log, control, published, found, metrics, detections: AtomicU64::new(0) }
    }

    async fn judge(&self, batch: &Batch) -> PortResult<()> {
        let judged_at = now();
        // One set for the whole batch: another one is in force from the next.
        let in_force = self.published.current();
        let mut detections = Vec::new();
        // What does not decode is set aside by audit, which reads the same records.
        for logged in &batch.records {
            if let Ok(Record::Change(event)) = &logged.record {
                detections.extend(in_force.rules().detect(event, judged_at));
            }
        }
        if detections.is_empty() {
            return Ok(());
        }
        for detection in &detections {
            if let Verdict::RuleError { failed } = &detection.verdict {
                self.metrics.rule_error(failed);
            }
        }
        reach("detect.before_record");
        let report = self.control.record_detections(&detections).await?;
        reach("detect.after_record");
        self.detections.fetch_add(report.new, Ordering::Relaxed);
        self.metrics.detections(report.new);
        self.found.wake();
        Ok(())
    }
}

#[async_trait]
impl Worker for DetectWorker {
    fn name(&self) -> String {
        GROUP.to_owned()
    }

    async fn run(&self, shutdown: CancellationToken) -> PortResult<String> {
        recognise(&*self.log, &*self.control).await?;
        let mut subscription = self.log.subscribe(GROUP).await?;
        loop {
            let delivery = tokio::select! {
                () = shutdown.cancelled() => break,
                delivery = subscription.next() => delivery?,
            };
            let Delivery::Batch(batch) = delivery else { continue };
            self.judge(&batch).await?;
            subscription.commit(&batch.next).await?;
            reach("detect.after_commit");
            self.metrics.group_lag(GROUP, subscription.lag().await?);
        }
        Ok(format!("{} detections", self.detections.load(Ordering::Relaxed)))
    }
}
