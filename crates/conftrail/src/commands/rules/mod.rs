//! `rules`: working on rules.

mod arguments;
pub(super) mod explain;
mod lint;
mod listed;
mod new;
mod show;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::Common;
use crate::config::{self, Config};

pub(crate) use arguments::RulesCommand;

/// The directory of rules where neither the command nor a configuration names one.
const DEFAULT: &str = "rules";

/// `conftrail rules`.
pub(crate) async fn run(common: &Common, command: RulesCommand) -> anyhow::Result<ExitCode> {
    match command {
        RulesCommand::Lint { directory, fatal } => lint::run(common, directory, fatal),
        RulesCommand::Explain { rule, event, reading } => explain::run(common, &rule, &event, &reading).await,
        RulesCommand::New { from_search, id, into, reading } => {
            new::run(common, &from_search, &id, into.as_deref(), &reading).await
        }
        RulesCommand::Show { rule, effective } => show::run(common, rule.as_deref(), effective),
        RulesCommand::Test { path, junit, update } => test::run(common, path, junit.as_deref(), update).await,
    }
}

/// Returns what is named, or the directory of rules of the configuration.
fn place(common: &Common, named: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    match named {
        Some(named) => Ok(named),
        None => Ok(crate::configured(common)?.rules.dir.unwrap_or_else(|| PathBuf::from(DEFAULT))),
    }
}

/// Returns the configuration of a command that works on files alone: where there is none, its defaults.
fn configuration(common: &Common) -> anyhow::Result<Config> {
    if common.config.is_none() && !Path::new(config::DEFAULT_FILE).exists() {
        return Ok(Config::default());
    }
    crate::configured(common)
}
