//! stale: a source that cannot be read for a while is an alert of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use conftrail_core::ports::ControlStore;
use conftrail_core::{PortResult, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::own_source::health_act;
use crate::{Health, Nudge, Worker, now};

/// After this a source that cannot be read is stale.
const STALE_AFTER: Duration = Duration::from_secs(300);
/// How often the sources are looked at.
const LOOK: Duration = Duration::from_secs(5);
/// What the names of workers that read sources begin with.
const COLLECT: &str = "collect ";

/// Tells of sources that cannot be read, once, and of their recovery.
pub struct StaleWorker {
    health: Health,
    control: Arc<dyn ControlStore>,
    acted: Nudge,
}

impl StaleWorker {
    /// Makes the worker; it wakes `acted` when it wrote an own act.
    pub fn new(health: Health, control: Arc<dyn ControlStore>, acted: Nudge) -> Self {
        Self { health, control, acted }
    }

    async fn look(&self, told: &mut BTreeMap<String, Timestamp>) -> PortResult<()> {
        let failing = self.health.unready();
        for one in failing.iter().filter(|one| now().since(one.since) >= STALE_AFTER) {
            let Some(source) = one.worker.strip_prefix(COLLECT) else { continue };
            if told.insert(source.to_owned(), one.since).is_none() {
                let message = format!("cannot be read since {}: {}", one.since, one.reason);
                self.control.record_act(&health_act(format!("source/{source}"), "stale", message)).await?;
                self.acted.wake();
            }
        }
        let recovered: Vec<String> = told
            .keys()
            .filter(|source| !failing.iter().any(|one| one.worker.strip_prefix(COLLECT) == Some(source)))
            .cloned()
            .collect();
        for source in recovered {
            let since = told.remove(&source);
            let message =
                since.map(|since| format!("is read again; it was not since {since}")).unwrap_or_default();
            self.control.record_act(&health_act(format!("source/{source}"), "ok", message)).await?;
            self.acted.wake();
        }
        Ok(())
    }
}

#[async_trait]
impl Worker for StaleWorker {
    fn name(&self) -> String {
        "stale".to_owned()
    }

    async fn run(&self, shutdown: CancellationToken) -> PortResult<String> {
        let mut told = BTreeMap::new();
        while !shutdown.is_cancelled() {
            self.look(&mut told).await?;
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        Ok(format!("{} sources stale", told.len()))
    }
}
