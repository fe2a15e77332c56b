//! A running conftrail: engines, sources, rules and workers put together, the same for every engine.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use conftrail_core::explain;
use conftrail_core::mask::Masker;
use conftrail_core::ports::{AuditReader, ControlStore, Sealer, Source};
use conftrail_pipeline::{
    AlertWorker, AuditWorker, Classifier, CollectWorker, DeliveryPolicy, DetectWorker, Health, KeepWorker,
    Metrics, NotifyWorker, Nudge, OwnSource, SealWorker, StaleWorker, Supervisor, collectors_of_each_source,
};
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::assemble::{self, Engines};
use crate::cli::RoleName;
use crate::config::Config;
use crate::rules::{Reload, Reloader};
use crate::{mask_key, signing_key, startup};

/// How long workers have to finish what they began.
const GRACE: Duration = Duration::from_secs(15);

/// The stores of a running conftrail, for what reads beside the workers.
#[derive(Clone)]
pub(crate) struct Stores {
    /// The trail.
    pub(crate) reader: Arc<dyn AuditReader>,
    /// The control store.
    pub(crate) control: Arc<dyn ControlStore>,
}

/// Everything that runs in this process.
pub(crate) struct App {
    supervisor: Supervisor,
    shutdown: CancellationToken,
    api: Option<(conftrail_api::Api, TcpListener)>,
    /// The stores that the workers use.
    pub(crate) stores: Stores,
    /// Signs the trail once more when all have stopped.
    sealer: Arc<dyn Sealer>,
    /// Where the API answers, such as `http://127.0.0.1:8350`, if this process serves it.
    pub(crate) address: Option<String>,
}

impl App {
    /// Puts everything together and starts the workers of `roles`, all of them when none is named.
    ///
    /// # Errors
    /// Whatever keeps a part from starting, in one sentence with the way out.
    pub(crate) async fn start(
        config: &Config,
        roles: &[RoleName],
        shutdown: CancellationToken,
    ) -> anyhow::Result<Self> {
        let engines = assemble::open_engines(config)?;
        signing_key::record(&engines.signer, &*engines.control).await?;
        if let Some(complaint) = engines.complaint.clone() {
            signing_key::record_complaint(complaint, &*engines.control).await?;
        }
        let key = mask_key::establish(config, &*engines.control).await?;
        let masker = Arc::new(Masker::new(key, &config.mask.rules()).map_err(|problems| {
            let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
            anyhow!("mask: {}", said.join("; "))
        })?);
        let mut registry = Registry::with_prefix("conftrail");
        let metrics = Metrics::register(&mut registry);
        let api_metrics = conftrail_api::Metrics::register(&mut registry);
        let sealer = engines.sealer.clone();
        let stores = Stores { reader: engines.reader.clone(), control: engines.control.clone() };
        let health = Health::default();
        let mut parts = Parts {
            supervisor: Supervisor::new(shutdown.clone(), health.clone(), metrics.clone()),
            health: health.clone(),
            metrics,
            engines,
            acted: Nudge::default(),
            found: Nudge::default(),
            due: Nudge::default(),
        };
        let has = |role| roles.is_empty() || roles.contains(&role);
        // Rules and routing first: what is wrong in them is told before a source is opened.
        let reloader = parts.alerting(config, has).await?;
        if has(RoleName::Audit) {
            parts.audit();
        }
        if has(RoleName::Collect) {
            parts.collect(config, &masker).await?;
        }
        if has(RoleName::Keep) {
            parts.keep();
        }
        let (api, address) = if has(RoleName::Api) {
            let listener = TcpListener::bind(&config.api.listen)
                .await
                .with_context(|| format!("api.listen: cannot listen on {}", config.api.listen))?;
            let local = listener.local_addr().context("api.listen")?;
            let address = format!("http://{local}{}", config.api.prefix());
            startup::leave_local_token(config, &*stores.control, &address).await?;
            let (acted, due) = (parts.acted.clone(), parts.due.clone());
            let shared = conftrail_api::Parts {
                reader: stores.reader.clone(),
                control: stores.control.clone(),
                masker,
                registry: Arc::new(registry),
                metrics: api_metrics,
                readiness: Arc::new(move || {
                    health.unready().into_iter().map(|one| (one.worker, one.reason)).collect()
                }),
                prover: assemble::prover(&config.data_dir),
                acted: Arc::new(move || acted.wake()),
                requeued: Arc::new(move || due.wake()),
                reload: reload_request(reloader),
            };
            (Some((conftrail_api::Api::new(shared, &config.api), listener)), Some(address))
        } else {
            (None, None)
        };
        Ok(Self { supervisor: parts.supervisor, shutdown, api, stores, sealer, address })
    }

    /// Serves until the shutdown token is cancelled and returns what each worker finished.
    ///
    /// # Errors
    /// The listener fails.
    pub(crate) async fn run(self) -> anyhow::Result<Vec<(String, String)>> {
        let workers = self.supervisor.finish(GRACE);
        let finished = match self.api {
            None => workers.await,
            Some((api, listener)) => {
                let (finished, served) = tokio::join!(workers, api.serve(listener, self.shutdown.clone()));
                served.context("serve the API")?;
                finished
            }
        };
        if let Err(error) = self.sealer.seal().await {
            tracing::warn!(error = explain(&error), "the trail could not be sealed at the end");
        }
        Ok(finished)
    }
}

/// What the workers are made of, while they are being started.
struct Parts {
    supervisor: Supervisor,
    health: Health,
    metrics: Metrics,
    engines: Engines,
    /// Woken after an own act.
    acted: Nudge,
    /// Woken after a detection.
    found: Nudge,
    /// Woken when a notification is due.
    due: Nudge,
}

impl Parts {
    /// Starts one worker for each source, the built-in one included.
    async fn collect(&mut self, config: &Config, masker: &Arc<Masker>) -> anyhow::Result<()> {
        let control = &self.engines.control;
        let own = OwnSource::new(control.clone(), self.acted.clone(), env!("CARGO_PKG_VERSION"));
        let mut sources: Vec<Arc<dyn Source>> = vec![Arc::new(own)];
        for source in &config.sources {
            sources.push(assemble::source(source, masker)?);
        }
        let mut further: Vec<(String, Arc<dyn Source>)> = Vec::new();
        for number in 2..=collectors_of_each_source() {
            for source in &config.sources {
                let name = format!("collect {} ({number})", source.name());
                further.push((name, assemble::source(source, masker)?));
            }
        }
        startup::warn_of_renamed(&sources, &**control).await?;
        let classifier = Arc::new(Classifier::new(config.classify.clone()).context("classify")?);
        let collector = |source| {
            let (log, control) = (self.engines.log.clone(), self.engines.control.clone());
            CollectWorker::new(source, log, control, classifier.clone(), self.metrics.clone())
        };
        let first = sources.into_iter().map(collector);
        let further = further.into_iter().map(|(name, source)| collector(source).named(name));
        for worker in first.chain(further) {
            self.supervisor.start(Arc::new(worker));
        }
        let stale = StaleWorker::new(self.health.clone(), self.engines.control.clone(), self.acted.clone());
        self.supervisor.start(Arc::new(stale));
        Ok(())
    }

    fn audit(&mut self) {
        let Engines { log, writer, control, .. } = &self.engines;
        let worker = AuditWorker::new(log.clone(), writer.clone(), control.clone(), self.metrics.clone());
        self.supervisor.start(Arc::new(worker));
        self.supervisor.start(Arc::new(SealWorker::new(self.engines.sealer.clone())));
    }

    /// Puts rules and routes in force, and starts detect, alert and notify as far as they are asked for.
    async fn alerting(
        &mut self,
        config: &Config,
        has: impl Fn(RoleName) -> bool,
    ) -> anyhow::Result<Arc<Reloader>> {
        let Engines { log, control, .. } = &self.engines;
        let (acted, metrics) = (self.acted.clone(), self.metrics.clone());
        let reloader = Reloader::start(config, control.clone(), metrics, acted).await?;
        let published = reloader.published().clone();
        if has(RoleName::Detect) {
            let (found, metrics) = (self.found.clone(), self.metrics.clone());
            let worker = DetectWorker::new(log.clone(), control.clone(), published.clone(), found, metrics);
            self.supervisor.start(Arc::new(worker));
        }
        if has(RoleName::Alert) {
            let (found, due) = (self.found.clone(), self.due.clone());
            let worker = AlertWorker::new(control.clone(), published.clone(), found, due);
            self.supervisor.start(Arc::new(worker));
        }
        if has(RoleName::Notify) {
            let (due, acted, metrics) = (self.due.clone(), self.acted.clone(), self.metrics.clone());
            let policy = DeliveryPolicy::default();
            let worker = NotifyWorker::new(published, control.clone(), policy, due, acted, metrics);
            self.supervisor.start(Arc::new(worker));
        }
        let reloader = Arc::new(reloader);
        self.supervisor.start(reloader.clone());
        Ok(reloader)
    }

    fn keep(&mut self) {
        let worker = KeepWorker::new(self.engines.retention.clone(), self.metrics.clone());
        self.supervisor.start(Arc::new(worker));
    }
}

/// Returns what the API calls when it is asked to look at the files of rules and routes.
fn reload_request(reloader: Arc<Reloader>) -> conftrail_api::Reload {
    Arc::new(move || {
        let reloader = reloader.clone();
        Box::pin(async move {
            Ok(match reloader.reload().await? {
                Reload::Unchanged => conftrail_api::Reloaded::Unchanged,
                Reload::Published => conftrail_api::Reloaded::Published,
                Reload::Refused(reason) => conftrail_api::Reloaded::Refused(reason),
            })
        })
    })
}
