//! What each worker last said of itself, for `/readyz` and the log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use conftrail_core::Timestamp;

/// One reason why the process is not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unready {
    /// The worker.
    pub worker: String,
    /// What is wrong, without values of a customer.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// The state of all workers of this process.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<BTreeMap<String, Option<Unready>>>>);

impl Health {
    /// Notes that a worker runs.
    pub fn running(&self, worker: &str) {
        self.table().insert(worker.to_owned(), None);
    }

    /// Notes that a worker waits to try again; the first reason's time stays until it runs.
    pub fn failing(&self, worker: &str, reason: String, now: Timestamp) {
        let mut table = self.table();
        let since = match table.get(worker) {
            Some(Some(earlier)) => earlier.since,
            _ => now,
        };
        table.insert(worker.to_owned(), Some(Unready { worker: worker.to_owned(), reason, since }));
    }

    /// Returns what is wrong now.
    pub fn unready(&self) -> Vec<Unready> {
        self.table().values().flatten().cloned().collect()
    }

    fn table(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Option<Unready>>> {
        // A panic while holding the lock leaves a whole table: every change is one insert.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
