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
    clock: fn() -> Timestamp,
}

impl StaleWorker {
    /// Makes the worker; it wakes `acted` when it wrote an own act.
    pub fn new(health: Health, control: Arc<dyn ControlStore>, acted: Nudge) -> Self {
        Self { health, control, acted, clock: now }
    }

    /// Replaces the clock.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> Timestamp) -> Self {
        Self { clock, ..self }
    }

    async fn look(&self, at: Timestamp, told: &mut BTreeMap<String, Timestamp>) -> PortResult<()> {
        let failing = self.health.unready();
        for one in failing.iter().filter(|one| at.since(one.since) >= STALE_AFTER) {
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
            self.look((self.clock)(), &mut told).await?;
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        Ok(format!("{} sources stale", told.len()))
    }
}

#[cfg(test)]
mod tests {
    use conftrail_core::Value;
    use conftrail_sqlite::{ControlStore as ControlFile, Options};

    use super::*;

    /// Returns the states that were told since the beginning, with the part each is of.
    async fn told_of(control: &dyn ControlStore) -> Vec<(String, String)> {
        let acts = control.acts_after(0, 100).await.unwrap();
        let state = |after: Option<Value>| {
            let state = after.as_ref()?.as_map()?.get("state")?.as_text()?;
            Some(state.to_owned())
        };
        acts.into_iter().map(|(_, act)| (act.name, state(act.after).unwrap_or_default())).collect()
    }

    #[tokio::test]
    async fn a_source_is_stale_after_five_minutes_once_until_it_is_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let control: Arc<dyn ControlStore> =
            Arc::new(ControlFile::open(directory.path(), Duration::MAX, &Options::default()).unwrap());
        let health = Health::default();
        let worker = StaleWorker::new(health.clone(), control.clone(), Nudge::default());
        let began = Timestamp::parse("2026-11-20T10:00:00Z").unwrap();
        let after = |seconds| began.plus(Duration::from_secs(seconds));
        let mut told = BTreeMap::new();
        health.running("collect users-db");
        health.failing("collect orders-db", "connection refused".to_owned(), began);
        health.failing("audit", "disk full".to_owned(), began);
        // It fails again and again; what counts is since when.
        health.failing("collect orders-db", "connection refused".to_owned(), after(200));

        worker.look(after(299), &mut told).await.unwrap();
        assert_eq!(told_of(&*control).await, []);
        for seconds in [300, 305, 9_000] {
            worker.look(after(seconds), &mut told).await.unwrap();
        }
        let stale = ("source/orders-db".to_owned(), "stale".to_owned());
        assert_eq!(told_of(&*control).await, std::slice::from_ref(&stale));

        health.running("collect orders-db");
        worker.look(after(9_005), &mut told).await.unwrap();
        worker.look(after(9_010), &mut told).await.unwrap();
        let well = ("source/orders-db".to_owned(), "ok".to_owned());
        assert_eq!(told_of(&*control).await, [stale, well]);
    }
}
