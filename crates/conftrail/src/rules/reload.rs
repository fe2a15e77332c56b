//! Looks at the files of rules and routes again and again. What is good is published and put in force; what has an error
//! changes nothing.

use std::sync::Arc;

use anyhow::anyhow;
use async_trait::async_trait;
use conftrail_core::ports::{ControlStore, PublishedRules, RuleSetFiles};
use conftrail_core::{PortError, PortResult};
use conftrail_pipeline::{Metrics, Nudge, Published, Worker, now};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::files::{read_apart, read_settled};
use super::{Checked, refusal};
use crate::config::Config;
use crate::startup;

/// What became of a look at the files.
#[derive(Clone, Debug)]
pub(crate) enum Reload {
    /// They say what is in force already.
    Unchanged,
    /// They are in force now.
    Published,
    /// They have an error; what was in force stays.
    ///
    /// Holds everything that is wrong, each with its place where it has one.
    Refused(String),
}

/// Keeps the rules in force in step with the files.
pub(crate) struct Reloader {
    config: Config,
    control: Arc<dyn ControlStore>,
    published: Published,
    metrics: Metrics,
    acted: Nudge,
    state: Mutex<State>,
}

/// What the last look found.
struct State {
    /// The digest of the files that were judged last, good or not.
    judged: String,
    /// The digest of the files in force.
    in_force: String,
    /// The digest of the published set that was looked at last.
    followed: String,
}

impl Reloader {
    /// Puts the files in force, or where they have an error the set that was published last.
    ///
    /// # Errors
    /// The files have an error and no good set was ever published, or that one has errors of its own by now.
    pub(crate) async fn start(
        config: &Config,
        control: Arc<dyn ControlStore>,
        metrics: Metrics,
        acted: Nudge,
    ) -> anyhow::Result<Self> {
        // From here on SIGHUP asks for a look; before, it would have ended the process.
        drop(hangups()?);
        let (judged, outcome) = match read_settled(&config.rules).await {
            Ok(files) => (files.digest(), Checked::of(config, &files).map(|checked| (files, checked))),
            Err(error) => (digest_of_failure(&error), Err(error)),
        };
        let (checked, set) = match outcome {
            Ok((files, checked)) => {
                let set = PublishedRules { digest: files.digest(), published: now(), files };
                startup::publish(&checked.rules, &set, &*control).await?;
                refusal::record_end(&*control).await?;
                (checked, set)
            }
            Err(error) => {
                let Some(set) = control.published_rules().await? else { return Err(error) };
                let checked = Checked::of(config, &set.files).map_err(|last| {
                    anyhow!(
                        "{error:#}\nand the set that was published at {} cannot be used: {last:#}",
                        set.published
                    )
                })?;
                refusal::log(&error, &set.digest);
                refusal::record(&*control, &judged, &format!("{error:#}")).await?;
                tracing::warn!(
                    published = set.published.to_string(),
                    digest = set.digest,
                    "started with the last good set of rules and routes"
                );
                (checked, set)
            }
        };
        for warning in checked.rules.warnings() {
            tracing::warn!(finding = %warning, "rule file");
        }
        if checked.routing.is_none() {
            tracing::warn!("rules.routing is not set: alerts are recorded and nobody is told");
        }
        metrics.rules_reloaded(judged == set.digest);
        metrics.rules_in_force(checked.rules.rules().len(), seconds(&set));
        let published = Published::new(checked.in_force());
        let state = Mutex::new(State { judged, in_force: set.digest.clone(), followed: set.digest });
        Ok(Self { config: config.clone(), control, published, metrics, acted, state })
    }

    /// Returns what is in force, for the workers.
    pub(crate) fn published(&self) -> &Published {
        &self.published
    }

    /// Looks at the files, whether they changed or not, and says what became of it.
    ///
    /// # Errors
    /// The control store's.
    pub(crate) async fn reload(&self) -> PortResult<Reload> {
        let mut state = self.state.lock().await;
        let files = read_settled(&self.config.rules).await;
        self.judge(&mut state, files).await
    }

    /// Looks whether the files or the published set are others than before.
    async fn look(&self) -> PortResult<()> {
        let mut state = self.state.lock().await;
        let seen = match read_apart(&self.config.rules).await {
            Ok(files) => files.digest(),
            Err(error) => digest_of_failure(&error),
        };
        if seen != state.judged {
            let files = read_settled(&self.config.rules).await;
            self.judge(&mut state, files).await?;
        }
        self.follow(&mut state).await
    }

    /// Takes files that were read, if there is nothing wrong with them.
    async fn judge(&self, state: &mut State, files: anyhow::Result<RuleSetFiles>) -> PortResult<Reload> {
        let (judged, outcome) = match files {
            Ok(files) => (files.digest(), Checked::of(&self.config, &files).map(|checked| (files, checked))),
            Err(error) => (digest_of_failure(&error), Err(error)),
        };
        let (files, checked) = match outcome {
            Ok(good) => good,
            Err(error) => return self.refuse(state, judged, &error).await,
        };
        let was_in_force = judged == state.in_force;
        if !was_in_force {
            let set = PublishedRules { digest: judged.clone(), published: now(), files };
            startup::publish(&checked.rules, &set, &*self.control).await?;
            self.put_in_force(state, &checked, &set);
        } else {
            // The texts are the same; files that receivers read on this machine need not be.
            self.published.replace(checked.in_force());
        }
        if refusal::record_end(&*self.control).await? || !was_in_force {
            self.acted.wake();
        }
        self.metrics.rules_reloaded(true);
        state.judged = judged;
        Ok(if was_in_force { Reload::Unchanged } else { Reload::Published })
    }

    async fn refuse(&self, state: &mut State, judged: String, error: &anyhow::Error) -> PortResult<Reload> {
        let reason = format!("{error:#}");
        self.metrics.rules_reloaded(false);
        refusal::log(error, &state.in_force);
        if refusal::record(&*self.control, &judged, &reason).await? {
            self.acted.wake();
        }
        state.judged = judged;
        Ok(Reload::Refused(reason))
    }

    /// Runs what another instance published.
    async fn follow(&self, state: &mut State) -> PortResult<()> {
        if self.control.published_digest().await?.is_none_or(|digest| digest == state.followed) {
            return Ok(());
        }
        let Some(set) = self.control.published_rules().await? else { return Ok(()) };
        match Checked::of(&self.config, &set.files) {
            Ok(checked) => self.put_in_force(state, &checked, &set),
            Err(error) => {
                tracing::error!(digest = set.digest, "another instance published what cannot be used here");
                refusal::log(&error, &state.in_force);
            }
        }
        // Said once: the set is looked at again when it is another.
        state.followed = set.digest;
        Ok(())
    }

    fn put_in_force(&self, state: &mut State, checked: &Checked, set: &PublishedRules) {
        for warning in checked.rules.warnings() {
            tracing::warn!(finding = %warning, "rule file");
        }
        self.published.replace(checked.in_force());
        self.metrics.rules_in_force(checked.rules.rules().len(), seconds(set));
        state.in_force.clone_from(&set.digest);
        state.followed.clone_from(&set.digest);
        tracing::info!(
            digest = set.digest,
            rules = checked.rules.rules().len(),
            "other rules and routes are in force"
        );
    }
}

#[async_trait]
impl Worker for Reloader {
    fn name(&self) -> String {
        "rules".to_owned()
    }

    async fn run(&self, shutdown: CancellationToken) -> PortResult<String> {
        let mut hangups =
            hangups().map_err(|error| PortError::misconfigured(format!("listen for SIGHUP: {error}")))?;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = tokio::time::sleep(self.config.rules.reload.0) => self.look().await?,
                _ = hangups.recv() => {
                    let outcome = self.reload().await?;
                    if matches!(outcome, Reload::Unchanged) {
                        tracing::info!("SIGHUP: the files of rules and routes are in force as they are");
                    }
                }
            }
        }
        let state = self.state.lock().await;
        Ok(format!("rules of {} were in force", state.in_force))
    }
}

fn hangups() -> std::io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// Tells one failure to read from another: files that cannot be read have no content.
fn digest_of_failure(error: &anyhow::Error) -> String {
    conftrail_core::alerting::derived_id(&["unread", &format!("{error:#}")])
}

fn seconds(set: &PublishedRules) -> i64 {
    set.published.micros() / 1_000_000
}
