//! What the API is made of.

use std::io;
use std::sync::Arc;

use conftrail_core::mask::Masker;
use conftrail_core::ports::{AuditReader, ControlStore};
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::reading::Readings;
use crate::{Config, Metrics, routes, server};

/// Names what falls behind, as worker and reason, without values of a customer; nothing when all is well.
pub type Readiness = Arc<dyn Fn() -> Vec<(String, String)> + Send + Sync>;
/// Tells another part of the process that there is something to do.
pub type Notice = Arc<dyn Fn() + Send + Sync>;

/// What the API reads and tells.
pub struct Parts {
    /// The trail.
    pub reader: Arc<dyn AuditReader>,
    /// The control store.
    pub control: Arc<dyn ControlStore>,
    /// Masks what is written down of a query.
    pub masker: Arc<Masker>,
    /// What `/metrics` prints; holds `metrics` too.
    pub registry: Arc<Registry>,
    /// The API's own counters.
    pub metrics: Metrics,
    /// What `/readyz` says.
    pub readiness: Readiness,
    /// Called after an act was written to own audit.
    pub acted: Notice,
    /// Called after a notification was put back into the queue.
    pub requeued: Notice,
}

/// The HTTP API of one process.
pub struct Api {
    shared: Arc<Shared>,
    prefix: String,
}

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) parts: Parts,
    pub(crate) readings: Readings,
}

impl Api {
    /// Puts the API together; `config` is taken as validated.
    pub fn new(parts: Parts, config: &Config) -> Self {
        let shared = Shared { parts, readings: Readings::default() };
        Self { shared: Arc::new(shared), prefix: config.prefix() }
    }

    /// Answers until `shutdown` is cancelled, then finishes what was begun, within ten seconds.
    ///
    /// # Errors
    /// The listener fails for good.
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) -> io::Result<()> {
        server::serve(routes::all(&self.shared, &self.prefix), listener, shutdown).await
    }
}
