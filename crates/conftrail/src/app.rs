//! A running conftrail: engines, sources, rules and workers put together, the same for every engine.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use conftrail_core::mask::Masker;
use conftrail_core::own::{Act, Role, Token};
use conftrail_core::ports::{AuditReader, ControlStore, Receiver, Source};
use conftrail_core::{Action, Map, ResourceKind, Value};
use conftrail_engine::message::Presentation;
use conftrail_engine::rules::RuleSet;
use conftrail_engine::{Folder, Language, Routing, Target, Timing};
use conftrail_pipeline::{
    AlertWorker, AuditWorker, Classifier, CollectWorker, DeliveryPolicy, DetectWorker, Health, KeepWorker,
    Metrics, NotifyWorker, Nudge, OwnSource, StaleWorker, Supervisor, now,
};
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::assemble::{self, Engines};
use crate::cli::RoleName;
use crate::config::Config;
use crate::{local_token, mask_key, rules};

/// How long workers have to finish what they began.
const GRACE: Duration = Duration::from_secs(15);

/// The stores of a running conftrail, for what reads beside the workers.
#[derive(Clone)]
pub struct Stores {
    /// The trail.
    pub reader: Arc<dyn AuditReader>,
    /// The control store.
    pub control: Arc<dyn ControlStore>,
}

/// Everything that runs in this process.
pub struct App {
    supervisor: Supervisor,
    shutdown: CancellationToken,
    api: Option<(conftrail_api::Api, TcpListener)>,
    /// The stores that the workers use.
    pub stores: Stores,
    /// Where the API answers, such as `http://127.0.0.1:8350`, if this process serves it.
    pub address: Option<String>,
}

impl App {
    /// Puts everything together and starts the workers of `roles`.
    ///
    /// # Errors
    /// Whatever keeps a part from starting, in one sentence with the way out.
    pub async fn start(
        config: &Config,
        roles: &[RoleName],
        shutdown: CancellationToken,
    ) -> anyhow::Result<Self> {
        let has = |role| roles.is_empty() || roles.contains(&role);
        let engines = assemble::open_engines(config)?;
        let key = mask_key::establish(config, &*engines.control).await?;
        let masker = Arc::new(Masker::new(key, &config.mask.rules()).map_err(|problems| {
            let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
            anyhow!("mask: {}", said.join("; "))
        })?);
        let rules = Arc::new(rules::load(config)?);
        for warning in rules.warnings() {
            tracing::warn!(finding = %warning, "rule file");
        }
        record_rules(&rules, &*engines.control).await?;
        let routing = rules::load_routing(config)?;
        if routing.is_none() {
            tracing::warn!("rules.routing is not set: alerts are recorded and nobody is told");
        }
        let presentation = Presentation { language: Language::English, external_url: config.api.external_url.clone() };
        let receivers = match &routing {
            Some(routing) => assemble::receivers(routing, &presentation)?,
            None => Vec::new(),
        };

        let mut registry = Registry::with_prefix("conftrail");
        let metrics = Metrics::register(&mut registry);
        let api_metrics = conftrail_api::Metrics::register(&mut registry);
        let health = Health::default();
        let mut supervisor = Supervisor::new(shutdown.clone(), health.clone(), metrics.clone());
        let (acted, found, due) = (Nudge::default(), Nudge::default(), Nudge::default());
        let Engines { log, writer, reader, control, retention } = engines;
        let stores = Stores { reader: reader.clone(), control: control.clone() };

        if has(RoleName::Collect) {
            let classifier = Arc::new(Classifier::new(config.classify.clone()).context("classify")?);
            let mut sources: Vec<Arc<dyn Source>> =
                vec![Arc::new(OwnSource::new(control.clone(), acted.clone(), env!("CARGO_PKG_VERSION")))];
            for source in &config.sources {
                sources.push(assemble::source(source, &masker)?);
            }
            warn_of_renamed(&sources, &*control).await?;
            supervisor.start(Arc::new(StaleWorker::new(health.clone(), control.clone(), acted.clone())));
            for source in sources {
                supervisor.start(Arc::new(CollectWorker::new(
                    source,
                    log.clone(),
                    control.clone(),
                    classifier.clone(),
                    metrics.clone(),
                )));
            }
        }
        if has(RoleName::Audit) {
            supervisor.start(Arc::new(AuditWorker::new(
                log.clone(),
                writer,
                control.clone(),
                metrics.clone(),
            )));
        }
        if has(RoleName::Detect) {
            let worker = DetectWorker::new(
                log.clone(),
                control.clone(),
                rules.clone(),
                found.clone(),
                metrics.clone(),
            );
            supervisor.start(Arc::new(worker));
        }
        if has(RoleName::Alert) {
            let folder = Arc::new(Folder::new(rules.clone(), targets(&receivers), timing(routing.as_ref()), Language::English));
            supervisor.start(Arc::new(AlertWorker::new(control.clone(), folder, found, due.clone())));
        }
        if has(RoleName::Notify) {
            let policy = DeliveryPolicy::default();
            let (control, metrics) = (control.clone(), metrics.clone());
            supervisor.start(Arc::new(NotifyWorker::new(
                receivers,
                control,
                policy,
                due.clone(),
                acted.clone(),
                metrics,
            )));
        }
        if has(RoleName::Keep) {
            supervisor.start(Arc::new(KeepWorker::new(retention, metrics.clone())));
        }
        let (api, address) = if has(RoleName::Api) {
            let listener = TcpListener::bind(&config.api.listen)
                .await
                .with_context(|| format!("api.listen: cannot listen on {}", config.api.listen))?;
            let local = listener.local_addr().context("api.listen")?;
            let address = format!("http://{local}{}", config.api.prefix());
            leave_local_token(config, &*control, &address).await?;
            let api = conftrail_api::Api::new(
                conftrail_api::Parts {
                    reader,
                    control,
                    masker,
                    registry: Arc::new(registry),
                    metrics: api_metrics,
                    readiness: Arc::new(move || {
                        health.unready().into_iter().map(|one| (one.worker, one.reason)).collect()
                    }),
                    acted: Arc::new(move || acted.wake()),
                    requeued: Arc::new(move || due.wake()),
                },
                &config.api,
            );
            (Some((api, listener)), Some(address))
        } else {
            (None, None)
        };
        Ok(Self { supervisor, shutdown, api, stores, address })
    }

    /// Serves until the shutdown token is cancelled and returns what each worker finished.
    ///
    /// # Errors
    /// The listener fails.
    pub async fn run(self) -> anyhow::Result<Vec<(String, String)>> {
        let workers = self.supervisor.finish(GRACE);
        match self.api {
            None => Ok(workers.await),
            Some((api, listener)) => {
                let (finished, served) = tokio::join!(workers, api.serve(listener, self.shutdown.clone()));
                served.context("serve the API")?;
                Ok(finished)
            }
        }
    }
}

/// Returns every integration of every receiver: until there are child routes, each is told everything.
fn targets(receivers: &[Arc<dyn Receiver>]) -> Vec<Target> {
    let of = |receiver: &Arc<dyn Receiver>| {
        let name = receiver.name().to_owned();
        receiver.integrations().into_iter().map(move |integration| Target { receiver: name.clone(), integration })
    };
    receivers.iter().flat_map(|receiver| of(receiver).collect::<Vec<_>>()).collect()
}

fn timing(routing: Option<&Routing>) -> Timing {
    let default = Timing::default();
    match routing {
        Some(routing) => Timing {
            group_wait: routing.route.group_wait,
            group_interval: routing.route.group_interval,
            ..default
        },
        None => default,
    }
}

/// Records which rules are in force, when they are others than before.
async fn record_rules(rules: &RuleSet, control: &dyn ControlStore) -> anyhow::Result<()> {
    let mut now_in_force = Map::default();
    now_in_force.insert("revision", rules.digest());
    now_in_force.insert("rules", Value::from(rules.rules().len() as u64));
    let in_force = Some(Value::Map(now_in_force));
    let last = control.last_act(ResourceKind::Ruleset, "active").await?;
    let before = last.and_then(|act| act.after);
    if before != in_force {
        let action = if before.is_some() { Action::Update } else { Action::Create };
        control.record_act(&act(action, ResourceKind::Ruleset, "active", before, in_force)).await?;
    }
    Ok(())
}

/// Warns of checkpoints without a source: a source's name is part of every id and is never changed.
async fn warn_of_renamed(sources: &[Arc<dyn Source>], control: &dyn ControlStore) -> anyhow::Result<()> {
    let configured: BTreeSet<&str> = sources.iter().map(|source| &*source.origin().name).collect();
    for name in control.checkpointed_sources().await? {
        if !configured.contains(name.as_str()) {
            tracing::warn!(
                source = name,
                "a source with this name was captured before and is not configured now"
            );
        }
    }
    Ok(())
}

/// Leaves a token and the address for the commands on this machine.
async fn leave_local_token(config: &Config, control: &dyn ControlStore, address: &str) -> anyhow::Result<()> {
    let path = local_token::path(&config.data_dir);
    let kept = std::fs::read_to_string(&path).ok();
    let known = match &kept {
        Some(secret) => control.token_by_hash(&conftrail_api::token_hash(secret.trim())).await?,
        None => None,
    };
    if known.is_none_or(|token| !token.is_valid(now())) {
        let revoked = act(Action::Delete, ResourceKind::Token, local_token::NAME, None, None);
        control.revoke_token(local_token::NAME, now(), &revoked).await?;
        let secret = conftrail_api::new_token_secret().context("draw a token")?;
        let token = Token {
            name: local_token::NAME.to_owned(),
            role: Role::Admin,
            hash: conftrail_api::token_hash(&secret),
            created: now(),
            expires: None,
            revoked: None,
        };
        let made = act(
            Action::Create,
            ResourceKind::Token,
            local_token::NAME,
            None,
            Some(Role::Admin.as_str().into()),
        );
        control.create_token(&token, &made).await?;
        local_token::write_private(&path, &secret)
            .with_context(|| format!("cannot write the local token to {}", path.display()))?;
    }
    let address_path = local_token::address_path(&config.data_dir);
    local_token::write_private(&address_path, address)
        .with_context(|| format!("cannot write {}", address_path.display()))
}

fn act(action: Action, kind: ResourceKind, name: &str, before: Option<Value>, after: Option<Value>) -> Act {
    Act {
        time: now(),
        actor: "conftrail".to_owned(),
        via: "process".to_owned(),
        action,
        kind,
        name: name.to_owned(),
        before,
        after,
        message: None,
    }
}
