//! What is wrong with a routing file, and the file it is wrong with.

use crate::YamlPlaces;
use crate::rules::{Finding, LoadError};

/// Something that is wrong with a routing file that reads well as YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutingProblem {
    /// The key or value at fault, such as `receivers[0].email_configs[1].to`.
    pub path: String,
    /// Where in the value, in characters from 0.
    pub offset: usize,
    /// What is wrong and the way out.
    pub message: String,
}

impl RoutingProblem {
    /// Makes a problem of a whole value.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), offset: 0, message: message.into() }
    }
}

/// The file that a routing was read from.
#[derive(Clone, Default)]
pub(super) struct Origin {
    file: String,
    text: String,
    places: YamlPlaces,
}

impl Origin {
    pub(super) fn of(file: &str, text: &str) -> Self {
        Self { file: file.to_owned(), text: text.to_owned(), places: YamlPlaces::of(text) }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Turns problems into findings, in the order of their places.
    pub(super) fn refused(&self, problems: &[RoutingProblem]) -> LoadError {
        let finding = |problem: &RoutingProblem| {
            let place = self.places.within(&problem.path, problem.offset);
            let message = format!("{}: {}", problem.path, problem.message);
            Finding::error(&self.file, &self.text, place, message)
        };
        let mut findings: Vec<Finding> = problems.iter().map(finding).collect();
        findings.sort_by_key(|finding| (finding.line, finding.column));
        LoadError(findings)
    }
}

/// The text may hold a password.
impl std::fmt::Debug for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.file)
    }
}
