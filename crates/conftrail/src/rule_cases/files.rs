//! Finds files of cases and what each of them runs on.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use conftrail_core::ports::{RuleSetFile, RuleSetFiles};
use conftrail_engine::cases::{CaseFile, is_case_file};
use conftrail_engine::rules::RuleSource;

use crate::config::RulesConfig;
use crate::rules;

/// A file of cases, and the rules and routes that it runs on.
pub(crate) struct Suite {
    /// The cases.
    pub(crate) cases: CaseFile,
    /// The text of the file, for what is written into it.
    pub(crate) text: String,
    /// Rules and routes.
    pub(crate) on: RuleSetFiles,
}

/// Returns the files of cases of a directory, or the one that is named.
///
/// # Errors
/// A file cannot be read, or everything that is wrong with one.
pub(crate) fn suites(path: &Path) -> anyhow::Result<Vec<Suite>> {
    let files = if path.is_dir() { in_directory(path)? } else { vec![path.to_owned()] };
    files.iter().map(|file| suite(file)).collect()
}

fn in_directory(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let listed = std::fs::read_dir(directory)
        .with_context(|| format!("cannot read the directory {}", directory.display()))?;
    let mut files = Vec::new();
    for entry in listed {
        let path = entry?.path();
        if path.file_name().and_then(|name| name.to_str()).is_some_and(is_case_file) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn suite(file: &Path) -> anyhow::Result<Suite> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    let cases = CaseFile::load(RuleSource { file: &name, text: &text })?;
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let default = directory.join("routing.yaml");
    let routing = match &cases.routing {
        Some(named) => Some(directory.join(named)),
        None => default.exists().then_some(default),
    };
    let on = if cases.rules.is_empty() {
        let dir = Some(directory.to_owned());
        rules::read(&RulesConfig { dir, routing, ..RulesConfig::default() })?
    } else {
        let mut on = rules::read(&RulesConfig { routing, ..RulesConfig::default() })?;
        for named in &cases.rules {
            let path = directory.join(named);
            if is_case_file(named) {
                bail!("{name}: `rules` names {named}, which is a file of cases");
            }
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("{name}: `rules` names {}, which cannot be read", path.display()))?;
            on.rules.push(RuleSetFile { name: path.display().to_string(), text });
        }
        on
    };
    Ok(Suite { cases, text, on })
}
