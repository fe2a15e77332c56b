//! `rules test`: the cases beside the rules.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use conftrail_engine::cases::{Came, updated};
use conftrail_engine::rules::LoadError;
use serde::Serialize;

use super::{configuration, listed, place};
use crate::cli::{Common, Output};
use crate::output::Printer;
use crate::rule_cases::{self, Outcome, Suite};
use crate::rules::Checked;
use crate::say;

/// What became of a case, as JSON.
#[derive(Serialize)]
struct Line<'c> {
    file: &'c str,
    line: usize,
    name: &'c str,
    holds: bool,
    failures: Vec<Failure<'c>>,
}

#[derive(Serialize)]
struct Failure<'c> {
    line: usize,
    message: &'c str,
}

/// `conftrail rules test`: exit 1 when a case does not hold or a file is wrong.
pub(super) async fn run(
    common: &Common,
    path: Option<PathBuf>,
    junit: Option<&Path>,
    update: bool,
) -> anyhow::Result<ExitCode> {
    let printer = Printer::new(common);
    let path = place(common, path)?;
    let config = configuration(common)?;
    let suites = match rule_cases::suites(&path) {
        Ok(suites) => suites,
        Err(error) => return refused(&printer, error),
    };
    let mut run: Vec<(&Suite, Vec<Outcome>)> = Vec::new();
    for suite in &suites {
        let checked = match Checked::without_receivers(&config, &suite.on) {
            Ok(checked) => checked,
            Err(error) => return refused(&printer, error.into()),
        };
        let mut outcomes = Vec::new();
        for case in &suite.cases.cases {
            let outcome = rule_cases::run(case, &checked).await?;
            print(&printer, &suite.cases.file, (&case.name, case.line), &outcome)?;
            outcomes.push(outcome);
        }
        run.push((suite, outcomes));
    }
    if let Some(junit) = junit {
        let mut results = Vec::new();
        for (suite, outcomes) in &run {
            let cases = suite.cases.cases.iter().zip(outcomes);
            let cases = cases.map(|(case, outcome)| (case.name.as_str(), case.line, outcome)).collect();
            results.push((suite.cases.file.as_str(), cases));
        }
        rule_cases::write_junit(junit, &results)?;
    }
    let cases: usize = run.iter().map(|(_, outcomes)| outcomes.len()).sum();
    let failed = run.iter().flat_map(|(_, outcomes)| outcomes).filter(|one| !one.failures.is_empty()).count();
    if printer.output == Output::Text {
        say(&match cases {
            0 => format!("no case in {}: they stand in *.test.yaml beside the rules", path.display()),
            _ => format!("{cases} cases, {} hold, {failed} do not", cases - failed),
        });
    }
    if update && failed > 0 {
        for (suite, outcomes) in &run {
            write_back(suite, outcomes)?;
        }
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn print(
    printer: &Printer,
    file: &str,
    (name, line): (&str, usize),
    outcome: &Outcome,
) -> anyhow::Result<()> {
    let failures: Vec<Failure<'_>> =
        outcome.failures.iter().map(|one| Failure { line: one.line, message: &one.message }).collect();
    let whole = Line { file, line, name, holds: failures.is_empty(), failures };
    printer.print(&whole, |printer| {
        let mark = if whole.holds { printer.paint(32, "ok    ") } else { printer.paint(31, "FAILED") };
        let mut text = format!("{mark}  {name}");
        for failure in &whole.failures {
            text.push_str(&format!("\n        {file}:{}: {}", failure.line, failure.message));
        }
        text
    })
}

/// Prints why nothing was run: findings each with its place, or the one thing that is wrong.
fn refused(printer: &Printer, error: anyhow::Error) -> anyhow::Result<ExitCode> {
    match error.downcast::<LoadError>() {
        Ok(LoadError(findings)) => {
            listed::print(printer, &findings)?;
            Ok(ExitCode::from(1))
        }
        Err(error) => Err(error),
    }
}

/// Writes what came into the cases of a file that do not hold.
fn write_back(suite: &Suite, outcomes: &[Outcome]) -> anyhow::Result<()> {
    let came: Vec<Came<'_>> = (suite.cases.cases.iter().zip(outcomes))
        .filter(|(_, outcome)| !outcome.failures.is_empty())
        .map(|(case, outcome)| Came { case, alerts: &outcome.alerts })
        .collect();
    if came.is_empty() {
        return Ok(());
    }
    let file = &suite.cases.file;
    match updated(&suite.text, &came) {
        Ok(text) => {
            std::fs::write(file, text).with_context(|| format!("--update: cannot write {file}"))?;
            say(&format!("{file}: wrote what came into {} cases; look at the difference", came.len()));
        }
        Err(inline) => {
            let names = inline.join("`, `");
            say(&format!(
                "{file}: not changed; write these cases with each key on a line of its own: `{names}`"
            ));
        }
    }
    Ok(())
}
