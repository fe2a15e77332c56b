//! Reads the rule directory and the routing file.

use std::path::{Path, PathBuf};

use anyhow::Context;
use conftrail_engine::rules::{RuleSet, RuleSource, is_rule_file};
use conftrail_engine::{Routing, TimeIntervals};

use crate::config::Config;

/// Loads the built-in rules and those of `rules.dir`, checked as a whole. Conditions ask about the time intervals of `routing`.
///
/// # Errors
/// Every finding of every file, with its position.
pub(crate) fn load(config: &Config, routing: Option<&Routing>) -> anyhow::Result<RuleSet> {
    let mut files = Vec::new();
    if let Some(directory) = &config.rules.dir {
        for path in rule_files(directory, config.rules.routing.as_deref())? {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("rules.dir: cannot read {}", path.display()))?;
            files.push((path.display().to_string(), text));
        }
    }
    let sources: Vec<_> = files.iter().map(|(file, text)| RuleSource { file, text }).collect();
    let none = TimeIntervals::default();
    Ok(RuleSet::load(&sources, routing.map_or(&none, Routing::intervals))?)
}

/// Loads the routing file; without one nobody is told.
///
/// # Errors
/// Everything that is wrong with the file, with its position.
pub(crate) fn load_routing(config: &Config) -> anyhow::Result<Option<Routing>> {
    let Some(path) = &config.rules.routing else { return Ok(None) };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("rules.routing: cannot read {}", path.display()))?;
    let mut routing = Routing::load(&path.display().to_string(), &text)?;
    if let Some(directory) = path.parent() {
        routing.anchor(directory);
    }
    Ok(Some(routing))
}

/// Returns the `*.yaml` of a directory without tests and the routing file, by name.
fn rule_files(directory: &Path, routing: Option<&Path>) -> anyhow::Result<Vec<PathBuf>> {
    let listed = std::fs::read_dir(directory)
        .with_context(|| format!("rules.dir: cannot read the directory {}", directory.display()))?;
    let mut files = Vec::new();
    for entry in listed {
        let path = entry.context("rules.dir")?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_routing = routing.is_some_and(|routing| routing.file_name() == path.file_name());
        if is_rule_file(name) && !is_routing {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
