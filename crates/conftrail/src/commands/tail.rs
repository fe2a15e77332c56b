//! `tail`: the collect stage alone; keeps nothing but its own position.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use conftrail_core::mask::Masker;
use conftrail_core::{AppendJson, Checkpoint, Event, explain};
use conftrail_pipeline::{Backoff, Classifier};
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use super::run::{stop_on_signals, watch_directories};
use crate::cli::{Common, Output, TailArgs};
use crate::config::{Config, SourceConfig};
use crate::output::{MaxwellLine, Printer, event_with_diff};
use crate::{WrongUsage, assemble, configured, local_token, mask_key, telemetry};

/// How often a source that cannot be reached is tried again, at first and at most.
const RETRY: (std::time::Duration, std::time::Duration) =
    (std::time::Duration::from_millis(500), std::time::Duration::from_secs(30));

/// How often the position of a quiet source is saved; the first one is saved at once, so that an abrupt end loses nothing.
const SAVE_QUIET_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// `conftrail tail`.
pub(crate) async fn run(common: &Common, arguments: TailArgs) -> anyhow::Result<ExitCode> {
    let config = configured(common)?;
    telemetry::start(&config.telemetry.log)?;
    let source_config = chosen(&config, &arguments)?;
    if common.output == Output::Maxwell && !matches!(source_config, SourceConfig::Mysql(_)) {
        let said = "--output maxwell: only changes of MySQL and MariaDB have that form";
        return Err(WrongUsage(said.to_owned()).into());
    }
    let masker = Arc::new(masker(&config, &arguments)?);
    let mut tail = Tail {
        source: assemble::source(&source_config, &masker)?,
        classifier: Classifier::new(config.classify.clone()).context("classify")?,
        printer: Printer::new(common),
        state: arguments.state.clone(),
        checkpoint: arguments.state.as_deref().map(read_state).transpose()?.flatten(),
        left: arguments.limit.unwrap_or(u64::MAX),
        unsaved: false,
        saved: None,
    };
    let shutdown = CancellationToken::new();
    let ended = tokio::select! {
        ended = tail.follow(&shutdown) => ended,
        insisted = stop_on_signals(shutdown.clone()) => return insisted.map(|()| ExitCode::from(130)),
    };
    tail.save()?;
    ended.map(|()| ExitCode::SUCCESS)
}

struct Tail {
    source: Arc<dyn conftrail_core::ports::Source>,
    classifier: Classifier,
    printer: Printer,
    state: Option<PathBuf>,
    checkpoint: Option<Checkpoint>,
    left: u64,
    unsaved: bool,
    saved: Option<tokio::time::Instant>,
}

impl Tail {
    /// Follows the source until it is told to stop or has printed enough, and reopens it after failures.
    async fn follow(&mut self, shutdown: &CancellationToken) -> anyhow::Result<()> {
        let mut backoff = Backoff::new(RETRY.0, RETRY.1);
        while self.left > 0 && !shutdown.is_cancelled() {
            let opened = tokio::select! {
                () = shutdown.cancelled() => return Ok(()),
                opened = self.source.open(self.checkpoint.clone()) => opened,
            };
            let failure = match opened {
                Err(error) => error,
                Ok(mut stream) => loop {
                    let next = tokio::select! {
                        () = shutdown.cancelled() => return Ok(()),
                        next = stream.next() => next,
                    };
                    match next {
                        Some(Ok(batch)) => {
                            backoff.succeeded();
                            self.print(&batch.events)?;
                            self.checkpoint.get_or_insert_default().advance(batch.position, batch.state);
                            self.unsaved = true;
                            let is_due = self.saved.is_none_or(|last| last.elapsed() >= SAVE_QUIET_EVERY);
                            if !batch.events.is_empty() || is_due {
                                self.save()?;
                            }
                            self.source.take_back(batch.events);
                            if self.left == 0 {
                                return Ok(());
                            }
                        }
                        Some(Err(error)) => break error,
                        None => break conftrail_core::PortError::unavailable("read source: stream ended"),
                    }
                },
            };
            if !failure.is_retryable() {
                return Err(anyhow!(explain(&failure)));
            }
            let wait = backoff.failed_with(&failure);
            tracing::warn!(
                error = explain(&failure),
                wait_ms = wait.as_millis() as u64,
                "source failed, will retry"
            );
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        Ok(())
    }

    fn print(&mut self, events: &[Arc<Event>]) -> anyhow::Result<()> {
        if self.classifier.is_empty() {
            self.print_each(events.iter())?;
        } else {
            self.print_each(events.iter().map(|event| {
                let mut event = event.clone();
                self.classifier.classify(Arc::make_mut(&mut event));
                event
            }))?;
        }
        self.left = self.left.saturating_sub(events.len() as u64);
        Ok(())
    }

    fn print_each<E: AppendJson + AsRef<Event>>(
        &self,
        events: impl Iterator<Item = E>,
    ) -> anyhow::Result<()> {
        if self.printer.output == Output::Maxwell {
            self.printer.print_json(events.map(MaxwellLine))
        } else {
            self.printer.print_all(events, |event, printer| event_with_diff(event.as_ref(), printer))
        }
    }

    fn save(&mut self) -> anyhow::Result<()> {
        let (Some(path), Some(checkpoint), true) = (&self.state, &self.checkpoint, self.unsaved) else {
            return Ok(());
        };
        let text = serde_json::to_string(checkpoint).context("write the state")?;
        local_token::write_private(path, &text)
            .with_context(|| format!("--state: cannot write {}", path.display()))?;
        self.unsaved = false;
        self.saved = Some(tokio::time::Instant::now());
        Ok(())
    }
}

fn read_state(path: &Path) -> anyhow::Result<Option<Checkpoint>> {
    match std::fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|_| anyhow!("--state: {} holds no state of `conftrail tail`", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("--state: cannot read {}", path.display())),
    }
}

/// Returns the one source that the arguments name.
fn chosen(config: &Config, arguments: &TailArgs) -> anyhow::Result<SourceConfig> {
    let mut source = if let Some(url) = &arguments.mysql {
        if arguments.include.is_empty() {
            return Err(WrongUsage("--mysql needs --include, such as --include 'shop.*'".to_owned()).into());
        }
        let mut mysql = conftrail_binlog::Config::default();
        "tail".clone_into(&mut mysql.name);
        mysql.url = url.parse().with_context(|| "--mysql")?;
        mysql.include.clone_from(&arguments.include);
        mysql.password_file.clone_from(&arguments.password_file);
        SourceConfig::Mysql(Box::new(mysql))
    } else if let Some(directory) = &arguments.watch {
        let mut config = Config::default();
        watch_directories(&mut config, vec![directory.clone()])?;
        config.sources.remove(0)
    } else {
        let named =
            |source: &&SourceConfig| arguments.source.as_deref().is_none_or(|name| source.name() == name);
        let mut matching = config.sources.iter().filter(named);
        match (matching.next(), matching.next()) {
            (Some(only), None) => only.clone(),
            _ => {
                let known: Vec<_> = config.sources.iter().map(SourceConfig::name).collect();
                let said = format!(
                    "name one source with --source (configured: {}), or use --mysql or --watch",
                    known.join(", ")
                );
                return Err(WrongUsage(said).into());
            }
        }
    };
    if let SourceConfig::Mysql(mysql) = &mut source {
        mysql.with_query = arguments.with_query;
        if let Some(start) = &arguments.start {
            mysql.start = start.parse().context("--start")?;
        }
    }
    Ok(source)
}

/// Returns a masker with the installation's key, or, without an installation, with one kept beside the state.
fn masker(config: &Config, arguments: &TailArgs) -> anyhow::Result<Masker> {
    let installed = mask_key::path(config);
    let key = if installed.exists() {
        mask_key::read(&installed)?
    } else {
        match &arguments.state {
            Some(state) => mask_key::read_or_make(&state.with_extension("mask-key"))?,
            // Without a position there is nothing to compare with later: a key of this run alone will do.
            None => mask_key::throw_away()?,
        }
    };
    Masker::new(key, &config.mask.rules()).map_err(|problems| {
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow!("mask: {}", said.join("; "))
    })
}
