//! What is wrong with a rule file, and where.

use crate::excerpt;
use crate::rules::Code;

/// Says whether a finding stops the set from loading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The set is not loaded.
    Error,
    /// The set is loaded; a person should look.
    Warning,
}

/// One finding, printed as `file:line:column: message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file's name as it was handed in.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// Whether it stops the set.
    pub level: Level,
    /// What it is about.
    pub code: Code,
    /// What is wrong and what to do.
    pub message: String,
    /// The line with a caret under the column, where it may be shown.
    pub excerpt: Option<String>,
}

impl Finding {
    /// Makes an error at a line and column of a file's text.
    pub fn error(file: &str, text: &str, (line, column): (usize, usize), message: String) -> Self {
        let excerpt = excerpt(text, line, column);
        Self {
            file: file.to_owned(),
            line,
            column,
            level: Level::Error,
            code: Code::default(),
            message,
            excerpt,
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let level = match self.level {
            Level::Error => "",
            Level::Warning => "warning: ",
        };
        write!(formatter, "{}:{}:{}: {level}{}", self.file, self.line, self.column, self.message)
    }
}

/// Rule or routing files that cannot be loaded: every error of every file, and the warnings, each with its place and the
/// line it stands in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", listed(.0))]
pub struct LoadError(pub Vec<Finding>);

fn listed(findings: &[Finding]) -> String {
    let mut lines: Vec<String> = Vec::with_capacity(findings.len() * 3);
    for finding in findings {
        lines.push(finding.to_string());
        lines.extend(
            finding.excerpt.iter().flat_map(|excerpt| excerpt.lines()).map(|line| format!("    {line}")),
        );
    }
    lines.join("\n")
}
