//! alert: open detections are folded into alerts, and alerts that are due become notifications.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use conftrail_core::PortResult;
use conftrail_core::ports::{ControlStore, Grouping};
use tokio_util::sync::CancellationToken;

use crate::failpoint::reach;
use crate::{Nudge, Published, Worker, now};

/// Detections folded in one go.
const FOLD_UP_TO: usize = 1000;
/// How long work of another process may wait to be seen.
const POLL: Duration = Duration::from_secs(1);

/// Folds detections into alerts.
pub struct AlertWorker {
    control: Arc<dyn ControlStore>,
    published: Published,
    found: Nudge,
    due: Nudge,
    notifications: AtomicU64,
}

impl AlertWorker {
    /// Makes the worker: `found` wakes it, and it wakes `due`.
    pub fn new(control: Arc<dyn ControlStore>, published: Published, found: Nudge, due: Nudge) -> Self {
        Self { control, published, found, due, notifications: AtomicU64::new(0) }
    }
}

#[async_trait]
impl Worker for AlertWorker {
    fn name(&self) -> String {
        "alert".to_owned()
    }

    async fn run(&self, shutdown: CancellationToken) -> PortResult<String> {
        while !shutdown.is_cancelled() {
            let at = now();
            let in_force = self.published.current();
            let grouping: Arc<dyn Grouping> = in_force.folder().clone();
            let workload = self.control.workload(FOLD_UP_TO, at, grouping).await?;
            let (full, next_flush) = (workload.open.len() >= FOLD_UP_TO, workload.next_flush);
            let transition = in_force.folder().fold(workload, at);
            if !transition.is_empty() {
                reach("alert.before_apply");
                self.control.apply(&transition).await?;
                reach("alert.after_apply");
            }
            let next_flush = transition.next_flush(next_flush);
            if !transition.notifications.is_empty() {
                self.notifications.fetch_add(transition.notifications.len() as u64, Ordering::Relaxed);
                self.due.wake();
                reach("alert.after_wake");
            }
            if full {
                continue;
            }
            let pause = next_flush.map_or(POLL, |due| due.since(now()).min(POLL));
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.found.wait(pause) => {}
            }
        }
        Ok(format!("{} notifications due", self.notifications.load(Ordering::Relaxed)))
    }
}
