//! `run`: the pipeline until told to stop.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::cli::{Common, RoleName};
use crate::config::{Config, SourceConfig};
use crate::{WrongUsage, configured, say, telemetry};

/// `conftrail run`.
pub(crate) async fn run(
    common: &Common,
    watch: Vec<PathBuf>,
    roles: Vec<RoleName>,
) -> anyhow::Result<ExitCode> {
    let mut config = configured(common)?;
    watch_directories(&mut config, watch)?;
    let collects = roles.is_empty() || roles.contains(&RoleName::Collect);
    if collects && config.sources.is_empty() {
        let ways = "there is nothing to capture. Three ways to get a source:\n\
                    \x20 conftrail run --watch /etc/app\n\
                    \x20 conftrail init --mysql mysql://user@host:3306 > conftrail.yaml, then conftrail run\n\
                    \x20 write `sources:` into conftrail.yaml (docs/config.md)";
        return Err(WrongUsage(ways.to_owned()).into());
    }
    telemetry::start(&config.telemetry.log)?;
    let shutdown = CancellationToken::new();
    let app = App::start(&config, &roles, shutdown.clone()).await?;
    if let Some(address) = &app.address {
        tracing::info!(address, version = env!("CARGO_PKG_VERSION"), "conftrail runs");
    }
    let finished = tokio::select! {
        finished = app.run() => finished?,
        insisted = stop_on_signals(shutdown) => return insisted.map(|()| ExitCode::from(130)),
    };
    for (worker, what) in finished {
        tracing::info!(worker, finished = what, "worker stopped");
    }
    Ok(ExitCode::SUCCESS)
}

/// Adds watched directories as sources, named after themselves.
pub(crate) fn watch_directories(config: &mut Config, directories: Vec<PathBuf>) -> anyhow::Result<()> {
    for directory in directories {
        let path = directory
            .canonicalize()
            .with_context(|| format!("--watch: cannot open the directory {}", directory.display()))?;
        let name =
            path.file_name().map_or_else(|| "root".to_owned(), |name| name.to_string_lossy().into_owned());
        if config.sources.iter().any(|source| source.name() == name) {
            let taken = format!(
                "--watch {}: a source named `{name}` exists; names are part of every id",
                path.display()
            );
            return Err(WrongUsage(taken).into());
        }
        config.sources.push(SourceConfig::Files(conftrail_files::Config {
            name,
            path,
            ..Default::default()
        }));
    }
    Ok(())
}

/// Cancels the token on SIGTERM or ctrl-c; returns on the second one, for the caller to end at once.
pub(crate) async fn stop_on_signals(shutdown: CancellationToken) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for ctrl-c")?;
    for already_told in [false, true] {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if !already_told {
            say("stopping; once more ends at once, and what was begun is repeated at the next start");
            shutdown.cancel();
        }
    }
    Ok(())
}
