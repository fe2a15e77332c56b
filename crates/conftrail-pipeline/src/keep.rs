//! keep: removes what is past its retention, in small steps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use conftrail_core::PortResult;
use conftrail_core::ports::Retention;
use tokio_util::sync::CancellationToken;

use crate::{Metrics, Worker, now};

/// How often retention is looked at.
const EVERY: Duration = Duration::from_secs(60);

/// Applies retention to everything that may forget.
pub struct KeepWorker {
    stores: Vec<Arc<dyn Retention>>,
    metrics: Metrics,
    removed: AtomicU64,
}

impl KeepWorker {
    /// Makes the worker.
    pub fn new(stores: Vec<Arc<dyn Retention>>, metrics: Metrics) -> Self {
        Self { stores, metrics, removed: AtomicU64::new(0) }
    }
}

#[async_trait]
impl Worker for KeepWorker {
    fn name(&self) -> String {
        "keep".to_owned()
    }

    async fn run(&self, shutdown: CancellationToken) -> PortResult<String> {
        while !shutdown.is_cancelled() {
            for store in &self.stores {
                loop {
                    let removed = store.retire(now()).await?;
                    self.removed.fetch_add(removed, Ordering::Relaxed);
                    self.metrics.retired(removed);
                    if removed == 0 || shutdown.is_cancelled() {
                        break;
                    }
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
        Ok(format!("{} records removed", self.removed.load(Ordering::Relaxed)))
    }
}
