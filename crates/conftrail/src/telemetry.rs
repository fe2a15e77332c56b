//! Logs: to stderr, for people or for collectors.

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, TelemetryLogConfig};

/// Starts logging.
///
/// # Errors
/// `telemetry.log.level` is no level and no filter.
pub(crate) fn start(config: &TelemetryLogConfig) -> anyhow::Result<()> {
    let builder = tracing_subscriber::fmt().with_env_filter(filter(config)?).with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first.
    let _ = match config.format {
        LogFormat::Text => builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    Ok(())
}

/// Reads `telemetry.log.level`.
///
/// # Errors
/// It is no level and no filter.
pub(crate) fn filter(config: &TelemetryLogConfig) -> anyhow::Result<EnvFilter> {
    EnvFilter::try_new(&config.level).with_context(|| {
        format!("telemetry.log.level: `{}` is no level; use error, warn, info or debug", config.level)
    })
}
