//! Runs workers: each has a name, an owner and a policy; one that fails never stops another.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use conftrail_core::{PortResult, explain};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{Backoff, Health, Metrics, now};

/// The wait before a worker that failed is started again, at first and at most. Short: what waits is an alert.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// A worker that has run this long since its last failure counts as recovered.
const RECOVERED_AFTER: Duration = Duration::from_secs(10);

/// A long-running part of the pipeline.
#[async_trait]
pub trait Worker: Send + Sync {
    /// Returns its name, such as `collect orders-db`.
    fn name(&self) -> String;

    /// Works until `shutdown` and returns what it finished, in a few words.
    ///
    /// Called again after an error, so it starts from what the stores say, not from what it remembers.
    ///
    /// # Errors
    /// Any port's error; the supervisor decides how long to wait.
    async fn run(&self, shutdown: CancellationToken) -> PortResult<String>;
}

/// Owns the tasks of all workers of a process.
pub struct Supervisor {
    tasks: JoinSet<(String, String)>,
    shutdown: CancellationToken,
    health: Health,
    metrics: Metrics,
}

impl Supervisor {
    /// Makes a supervisor whose workers stop with `shutdown`.
    pub fn new(shutdown: CancellationToken, health: Health, metrics: Metrics) -> Self {
        Self { tasks: JoinSet::new(), shutdown, health, metrics }
    }

    /// Starts a worker.
    pub fn start(&mut self, worker: Arc<dyn Worker>) {
        let (shutdown, health, metrics) = (self.shutdown.clone(), self.health.clone(), self.metrics.clone());
        self.tasks.spawn(async move {
            let name = worker.name();
            let finished = keep_running(worker, shutdown, health, metrics).await;
            (name, finished)
        });
    }

    /// Waits until every worker has stopped and returns what each finished, `(worker, words)`.
    ///
    /// Workers stop when the shutdown token is cancelled. One that does not stop within `grace` is dropped; what
    /// it had begun is repeated at the next start.
    pub async fn finish(mut self, grace: Duration) -> Vec<(String, String)> {
        let mut finished = Vec::new();
        self.shutdown.cancelled().await;
        let deadline = tokio::time::Instant::now() + grace;
        loop {
            match tokio::time::timeout_at(deadline, self.tasks.join_next()).await {
                Ok(Some(Ok(done))) => finished.push(done),
                Ok(Some(Err(panicked))) => {
                    tracing::error!(error = %panicked, "worker ended abnormally");
                }
                Ok(None) => break,
                Err(_) => {
                    tracing::warn!(
                        workers = self.tasks.len(),
                        "workers did not stop in time; their work is repeated"
                    );
                    self.tasks.abort_all();
                    break;
                }
            }
        }
        finished.sort();
        finished
    }
}

/// Runs a worker again and again until it is told to stop; a panic counts as a failure.
async fn keep_running(
    worker: Arc<dyn Worker>,
    shutdown: CancellationToken,
    health: Health,
    metrics: Metrics,
) -> String {
    let name = worker.name();
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    health.running(&name);
    loop {
        let mut run = JoinSet::new();
        let (this, token) = (worker.clone(), shutdown.clone());
        run.spawn(async move { this.run(token).await });
        let outcome = match tokio::time::timeout(RECOVERED_AFTER, run.join_next()).await {
            Ok(ended) => ended,
            // It has run for a while, so it recovered: its next failure is a first one.
            Err(_) => {
                backoff.succeeded();
                health.running(&name);
                run.join_next().await
            }
        };
        let outcome = outcome.expect("one task was spawned");
        let (wait, reason) = match outcome {
            Ok(Ok(finished)) => return finished,
            Ok(Err(error)) => {
                let reason = explain(&error);
                let wait = backoff.failed_with(&error);
                if error.is_retryable() {
                    tracing::warn!(
                        worker = name,
                        error = reason,
                        wait_ms = wait.as_millis() as u64,
                        "worker failed, will retry"
                    );
                } else {
                    tracing::error!(
                        worker = name,
                        error = reason,
                        wait_ms = wait.as_millis() as u64,
                        "worker failed, a person must act"
                    );
                }
                (wait, reason)
            }
            Err(_panic) => {
                tracing::error!(worker = name, "worker panicked, will retry");
                (backoff.failed().max(Duration::from_secs(1)), "panicked".to_owned())
            }
        };
        metrics.worker_failed(&name);
        health.failing(&name, reason, now());
        tokio::select! {
            () = shutdown.cancelled() => return "stopped while waiting to retry".to_owned(),
            () = tokio::time::sleep(wait) => {}
        }
    }
}
