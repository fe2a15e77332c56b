//! Findings as `rules` prints them.

use conftrail_engine::rules::{Finding, Level};
use serde::Serialize;

use crate::output::Printer;

/// A finding as JSON.
#[derive(Serialize)]
struct Line<'f> {
    file: &'f str,
    line: usize,
    column: usize,
    level: &'static str,
    code: &'static str,
    message: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    excerpt: Option<&'f str>,
}

/// Prints findings, and returns how many of them are errors and warnings.
///
/// # Errors
/// stdout is closed.
pub(super) fn print(printer: &Printer, findings: &[Finding]) -> anyhow::Result<(usize, usize)> {
    let (mut errors, mut warnings) = (0, 0);
    for finding in findings {
        let level = match finding.level {
            Level::Error => {
                errors += 1;
                "error"
            }
            Level::Warning => {
                warnings += 1;
                "warning"
            }
        };
        let line = Line {
            file: &finding.file,
            line: finding.line,
            column: finding.column,
            level,
            code: finding.code.as_str(),
            message: &finding.message,
            excerpt: finding.excerpt.as_deref(),
        };
        printer.print(&line, |printer| text(finding, level, printer))?;
    }
    Ok((errors, warnings))
}

fn text(finding: &Finding, level: &str, printer: &Printer) -> String {
    let colour = if level == "error" { 31 } else { 33 };
    let mark = printer.paint(colour, &format!("{level} {}", finding.code.as_str()));
    let mut text =
        format!("{}:{}:{}: {mark}: {}", finding.file, finding.line, finding.column, finding.message);
    for line in finding.excerpt.iter().flat_map(|excerpt| excerpt.lines()) {
        text.push_str("\n    ");
        text.push_str(line);
    }
    text
}
