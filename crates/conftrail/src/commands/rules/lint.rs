//! `rules lint`: what is wrong, and what a person should look at.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use conftrail_core::ports::RuleSetFile;
use conftrail_engine::cases::is_case_file;
use conftrail_engine::rules::{Finding, LoadError, RuleSource};
use conftrail_engine::{Routing, TimeIntervals, lint};
use conftrail_pipeline::now;

use super::{configuration, listed, place};
use crate::cli::{Common, Output};
use crate::output::Printer;
use crate::rules;
use crate::say;

/// What warnings end with under `--fatal`.
const WARNINGS: u8 = 3;

/// `conftrail rules lint`.
pub(super) fn run(common: &Common, directory: Option<PathBuf>, fatal: bool) -> anyhow::Result<ExitCode> {
    let printer = Printer::new(common);
    let directory = place(common, directory)?;
    let mut config = configuration(common)?.rules;
    config.dir = Some(directory.clone());
    let named = config.routing.take();
    let files = rules::read(&config)?.rules;
    let cases = cases(&directory)?;
    let mut findings = Vec::new();
    let intervals = intervals(&directory, named.as_deref(), &mut findings)?;
    findings.extend(lint(&sources(&files), &sources(&cases), &intervals, now()));
    let (errors, warnings) = listed::print(&printer, &findings)?;
    if printer.output == Output::Text {
        say(&format!("{} files of rules, {errors} errors, {warnings} warnings", files.len()));
    }
    Ok(match (errors, warnings) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) if fatal => ExitCode::from(WARNINGS),
        (0, _) => ExitCode::SUCCESS,
        _ => ExitCode::from(1),
    })
}

/// Returns the time intervals of the routing file, which conditions ask about; what is wrong with the file is a finding.
fn intervals(
    directory: &Path,
    named: Option<&Path>,
    findings: &mut Vec<Finding>,
) -> anyhow::Result<TimeIntervals> {
    let beside = directory.join("routing.yaml");
    let path = named.unwrap_or(&beside);
    if named.is_none() && !path.exists() {
        return Ok(TimeIntervals::default());
    }
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
    match Routing::load(&name, &text) {
        Ok(routing) => Ok(routing.intervals().clone()),
        Err(LoadError(wrong)) => {
            findings.extend(wrong);
            Ok(TimeIntervals::default())
        }
    }
}

fn sources(files: &[RuleSetFile]) -> Vec<RuleSource<'_>> {
    files.iter().map(|file| RuleSource { file: &file.name, text: &file.text }).collect()
}

fn cases(directory: &Path) -> anyhow::Result<Vec<RuleSetFile>> {
    let listed = std::fs::read_dir(directory)
        .with_context(|| format!("cannot read the directory {}", directory.display()))?;
    let mut files = Vec::new();
    for entry in listed {
        let path = entry?.path();
        if path.file_name().and_then(|name| name.to_str()).is_some_and(is_case_file) {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {name}"))?;
            files.push(RuleSetFile { name, text });
        }
    }
    files.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(files)
}
