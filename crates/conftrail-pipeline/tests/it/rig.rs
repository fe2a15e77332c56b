//! All workers over the embedded engines in a temporary directory, which outlives a restart.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use conftrail_core::ports::{AuditReader, ControlStore, Receiver, SearchRequest, Source};
use conftrail_core::query::Query;
use conftrail_core::{Event, Period, Timestamp};
use conftrail_engine::intervals::TimeIntervals;
use conftrail_engine::rules::{RuleSet, RuleSource};
use conftrail_engine::{Folder, Language, Target, Timing};
use conftrail_pipeline::{
    AlertWorker, AuditWorker, Classifier, CollectWorker, DeliveryPolicy, DetectWorker, Fallback, Health,
    InForce, Metrics, NotifyWorker, Nudge, OwnSource, Published, Supervisor, Worker, now,
};
use conftrail_sqlite::{ChangeLog, ControlStore as ControlFile, Options, Trail};
use conftrail_testkit::script::ScriptedReceiver;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

/// A deadline that no healthy run comes near.
pub(crate) const SOON: Duration = Duration::from_secs(30);

const RULES: &str = "
version: 1
name: test
rules:
  - id: limit-changed
    match: 'path:limit'
    severity: critical
    group_by: [resource.id]
  - id: broken
    match: 'name:broken.yaml'
    when: size(changes) / 0 > 1
";

/// A running pipeline.
pub(crate) struct Rig {
    pub(crate) control: Arc<dyn ControlStore>,
    pub(crate) trail: Arc<dyn AuditReader>,
    pub(crate) health: Health,
    /// Wakes what reads conftrail's own acts.
    pub(crate) acted: Nudge,
    supervisor: Supervisor,
    shutdown: CancellationToken,
    log: Arc<ChangeLog>,
    metrics: Metrics,
    registry: Registry,
}

/// The databases of a directory, and what runs workers.
struct Stores {
    log: Arc<ChangeLog>,
    trail: Arc<Trail>,
    control: Arc<ControlFile>,
    supervisor: Supervisor,
    health: Health,
    metrics: Metrics,
    registry: Registry,
    shutdown: CancellationToken,
}

impl Stores {
    fn open(directory: &Path) -> Self {
        let options = Options::default();
        let week = Duration::from_secs(7 * 86_400);
        let (shutdown, health) = (CancellationToken::new(), Health::default());
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        Self {
            log: Arc::new(ChangeLog::open(directory, week, &options).unwrap()),
            trail: Arc::new(Trail::open(directory, &options).unwrap()),
            control: Arc::new(ControlFile::open(directory, week, &options).unwrap()),
            supervisor: Supervisor::new(shutdown.clone(), health.clone(), metrics.clone()),
            health,
            metrics,
            registry,
            shutdown,
        }
    }

    fn collect(&mut self, source: Arc<dyn Source>) {
        let (log, control, metrics) = (self.log.clone(), self.control.clone(), self.metrics.clone());
        let classifier = Arc::new(Classifier::default());
        self.supervisor.start(Arc::new(CollectWorker::new(source, log, control, classifier, metrics)));
    }

    fn rig(self) -> Rig {
        let Self { log, trail, control, supervisor, health, metrics, registry, shutdown } = self;
        Rig { control, trail, health, acted: Nudge::default(), supervisor, shutdown, log, metrics, registry }
    }
}

impl Rig {
    /// Starts everything on the databases in `directory`.
    pub(crate) fn start(directory: &Path, source: Arc<dyn Source>, receiver: Arc<ScriptedReceiver>) -> Self {
        Self::start_with(directory, source, vec![receiver], BTreeMap::new())
    }

    /// Starts everything with several receivers, of which the fallbacks are told only instead of others.
    pub(crate) fn start_with(
        directory: &Path,
        source: Arc<dyn Source>,
        receivers: Vec<Arc<ScriptedReceiver>>,
        fallbacks: BTreeMap<String, Fallback>,
    ) -> Self {
        let is_told = |name: &str| !fallbacks.values().any(|fallback| fallback.receiver == name);
        let told = receivers.iter().map(|receiver| receiver.name().to_owned());
        let told = told.filter(|name| is_told(name)).collect::<Vec<_>>();
        Self::start_told(directory, source, receivers, fallbacks, &told)
    }

    /// Starts everything with several receivers, of which some are told everything.
    pub(crate) fn start_told(
        directory: &Path,
        source: Arc<dyn Source>,
        receivers: Vec<Arc<ScriptedReceiver>>,
        fallbacks: BTreeMap<String, Fallback>,
        told: &[String],
    ) -> Self {
        let mut stores = Stores::open(directory);
        let (acted, found, due) = (Nudge::default(), Nudge::default(), Nudge::default());
        let rules = Arc::new(
            RuleSet::load(&[RuleSource { file: "test.yaml", text: RULES }], &TimeIntervals::default())
                .unwrap(),
        );
        let own: Arc<dyn Source> = Arc::new(OwnSource::new(stores.control.clone(), acted.clone(), "test"));
        for source in [source, own] {
            stores.collect(source);
        }
        let Stores { log, trail, control, supervisor, metrics, .. } = &mut stores;
        let audit = AuditWorker::new(log.clone(), trail.clone(), control.clone(), metrics.clone());
        supervisor.start(Arc::new(audit));
        let target = |receiver: &String| Target {
            receiver: receiver.clone(),
            integration: ScriptedReceiver::INTEGRATION.to_owned(),
        };
        let targets = told.iter().map(target).collect();
        let at_once =
            Timing { group_wait: Period::default(), group_interval: Period::default(), ..Timing::default() };
        let folder = Arc::new(Folder::new(rules.clone(), targets, at_once, Language::English));
        let receivers: Vec<Arc<dyn Receiver>> =
            receivers.into_iter().map(|receiver| receiver as Arc<dyn Receiver>).collect();
        let in_force = InForce::new(rules, folder, receivers).falling_back(fallbacks);
        let published = Published::new(in_force);
        let (log, found_by_detect) = (log.clone(), found.clone());
        let detect =
            DetectWorker::new(log, control.clone(), published.clone(), found_by_detect, metrics.clone());
        supervisor.start(Arc::new(detect));
        let alert = AlertWorker::new(control.clone(), published.clone(), found, due.clone());
        supervisor.start(Arc::new(alert));
        let policy = DeliveryPolicy {
            first_retry: Duration::from_millis(20),
            longest_retry: Duration::from_millis(50),
            max_age: Duration::from_secs(60),
            ..DeliveryPolicy::default()
        };
        let notify = NotifyWorker::new(
            published.clone(),
            control.clone(),
            policy,
            due,
            acted.clone(),
            metrics.clone(),
        );
        supervisor.start(Arc::new(notify));
        Self { acted, ..stores.rig() }
    }

    /// Starts what reads a source into the log, and nothing that reads the log.
    pub(crate) fn collect_only(directory: &Path, source: Arc<dyn Source>) -> Self {
        let mut stores = Stores::open(directory);
        stores.collect(source);
        stores.rig()
    }

    /// Returns the events on record of a query, newest first.
    pub(crate) async fn found(&self, query: &str) -> Vec<Arc<Event>> {
        let query = Query::parse(query).unwrap();
        let request = SearchRequest { query, since: None, until: None, limit: 1000, cursor: None };
        self.trail.search(request).await.unwrap().events
    }

    /// Returns the metrics as they are scraped.
    pub(crate) fn metrics(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).unwrap();
        text
    }

    /// Starts one more collector, on the same stores.
    pub(crate) fn collect_beside(&mut self, source: Arc<dyn Source>) {
        let (log, control, metrics) = (self.log.clone(), self.control.clone(), self.metrics.clone());
        let worker = CollectWorker::new(source, log, control, Arc::new(Classifier::default()), metrics);
        self.add(worker.named("the second collector".to_owned()));
    }

    /// Starts one more worker.
    pub(crate) fn add(&mut self, worker: impl Worker + 'static) {
        self.supervisor.start(Arc::new(worker));
    }

    /// Stops as a signal does and returns what the workers say they finished.
    pub(crate) async fn stop(self) -> Vec<(String, String)> {
        self.shutdown.cancel();
        self.supervisor.finish(SOON).await
    }
}

/// Returns a recent time, `second` seconds into the test's minute; late changes are told another way.
pub(crate) fn at(second: u64) -> Timestamp {
    now().minus(Duration::from_secs(60)).plus(Duration::from_secs(second))
}
