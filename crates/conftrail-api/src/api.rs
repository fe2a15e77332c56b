//! What the API is made of.

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use conftrail_core::mask::Masker;
use conftrail_core::ports::{AuditReader, ControlStore};
use conftrail_core::{EventId, PortResult};
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::rate::Rate;
use crate::reading::Readings;
use crate::{Config, Metrics, routes, server};

/// Names what falls behind, as worker and reason, without values of a customer; nothing when all is well.
pub type Readiness = Arc<dyn Fn() -> Vec<(String, String)> + Send + Sync>;
/// Tells another part of the process that there is something to do.
pub type Notice = Arc<dyn Fn() + Send + Sync>;

/// Makes the proof of one event, to be checked anywhere with the public key; none when there is no such event. It blocks.
pub type Prover = Arc<dyn Fn(EventId) -> PortResult<Option<String>> + Send + Sync>;

/// Followers at a time; each holds a connection.
const MOST_FOLLOWERS: usize = 128;
/// Looks at the files of rules and routes, and says what became of it.
pub type Reload = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = PortResult<Reloaded>> + Send>> + Send + Sync>;

/// What became of a look at the files of rules and routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reloaded {
    /// They say what is in force already.
    Unchanged,
    /// They are in force now.
    Published,
    /// They have errors, which these lines tell with their places; what was in force stays.
    Refused(String),
}

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
    /// Makes proofs.
    pub prover: Prover,
    /// Called after an act was written to own audit.
    pub acted: Notice,
    /// Called after a notification was put back into the queue.
    pub requeued: Notice,
    /// Called when somebody asks for a look at the files of rules and routes.
    pub reload: Reload,
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
    pub(crate) rate: Rate,
    /// One permit for each follower.
    pub(crate) followers: Arc<Semaphore>,
    /// Cancelled when answers that go on have to end.
    pub(crate) ending: CancellationToken,
}

impl Api {
    /// Puts the API together; `config` is taken as validated.
    pub fn new(parts: Parts, config: &Config) -> Self {
        let shared = Shared {
            parts,
            readings: Readings::default(),
            rate: Rate::new(config.rate),
            followers: Arc::new(Semaphore::new(MOST_FOLLOWERS)),
            ending: CancellationToken::new(),
        };
        Self { shared: Arc::new(shared), prefix: config.prefix() }
    }

    /// Answers until `shutdown` is cancelled, then finishes what was begun, within ten seconds.
    ///
    /// # Errors
    /// The listener fails for good.
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) -> io::Result<()> {
        let routes = routes::all(&self.shared, &self.prefix);
        // Dropped when serving ends, in whatever way: then followers end, too.
        let _ending = self.shared.ending.clone().drop_guard();
        let ending = async {
            shutdown.cancelled().await;
            self.shared.ending.cancel();
            std::future::pending::<io::Result<()>>().await
        };
        tokio::select! {
            served = server::serve(routes, listener, shutdown.clone()) => served,
            never = ending => never,
        }
    }
}
