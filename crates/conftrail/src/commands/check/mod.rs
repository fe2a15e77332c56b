//! `check`: everything that can be known before running; every problem, not the first.

mod local;
mod parts;

use std::process::ExitCode;

use conftrail_engine::rules::{self, LoadError};
use serde::Serialize;

use crate::cli::Common;
use crate::config;
use crate::output::Printer;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    Warning,
    Error,
}

/// One line of the answer.
#[derive(Debug, Serialize)]
struct Finding {
    level: Level,
    /// The part that was looked at, such as `source orders-db`.
    part: String,
    message: String,
    /// The line that mends it, ready to paste.
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
    /// The line of a file with a caret under the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    excerpt: Option<String>,
}

impl Finding {
    fn new(level: Level, part: impl Into<String>, message: impl Into<String>) -> Self {
        Self { level, part: part.into(), message: message.into(), mend: None, excerpt: None }
    }

    /// Makes the findings of an error: one for each of a file's, or one.
    fn of_error(part: &str, error: &anyhow::Error) -> Vec<Self> {
        let Some(LoadError(found)) = error.downcast_ref() else {
            return vec![Self::new(Level::Error, part, format!("{error:#}"))];
        };
        let of_file = |one: &rules::Finding| {
            let level = match one.level {
                rules::Level::Error => Level::Error,
                rules::Level::Warning => Level::Warning,
            };
            let place = format!("{}:{}:{}: {}", one.file, one.line, one.column, one.message);
            Self { excerpt: one.excerpt.clone(), ..Self::new(level, part, place) }
        };
        found.iter().map(of_file).collect()
    }
}

/// `conftrail check`: exit 1 when anything would keep it from working.
pub(crate) async fn run(common: &Common) -> anyhow::Result<ExitCode> {
    let mut findings = Vec::new();
    match config::load(common.config.as_deref()) {
        Ok(config) => {
            findings.push(Finding::new(Level::Ok, "configuration", "reads well"));
            parts::look(&config, &mut findings).await;
        }
        Err(problems) => {
            findings.extend(problems.into_iter().map(|one| Finding {
                excerpt: one.excerpt.clone(),
                ..Finding::new(Level::Error, "configuration", one.to_string())
            }));
        }
    }
    let printer = Printer::new(common);
    for finding in &findings {
        printer.print(finding, |printer| text(finding, printer))?;
    }
    let failed = findings.iter().any(|finding| finding.level == Level::Error);
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn text(finding: &Finding, printer: &Printer) -> String {
    let mark = match finding.level {
        Level::Ok => printer.paint(32, "ok     "),
        Level::Warning => printer.paint(33, "warning"),
        Level::Error => printer.paint(31, "error  "),
    };
    let mut line = format!("{mark}  {}: {}", finding.part, finding.message);
    for part in finding.excerpt.iter().chain(&finding.mend).flat_map(|lines| lines.lines()) {
        line.push_str("\n           ");
        line.push_str(part);
    }
    line
}
