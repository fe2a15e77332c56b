//! What is wrong with a configuration file, where, and the way out.

use std::path::{Path, PathBuf};

use conftrail_engine::{describe_yaml_error, excerpt};

/// One problem of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// Line and column, from 1, where they are known.
    pub place: Option<(usize, usize)>,
    /// One sentence: the field, what is wrong, and the way out.
    pub message: String,
    /// The line with a caret under the column, where it may be shown.
    pub excerpt: Option<String>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.file.display())?;
        if let Some((line, column)) = self.place {
            write!(formatter, ":{line}:{column}")?;
        }
        write!(formatter, ": {}", self.message)
    }
}

impl Problem {
    /// Makes a problem that belongs to the file as a whole or to a field named in `message`.
    pub fn of_file(file: &Path, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), place: None, message: message.into(), excerpt: None }
    }

    /// Makes a problem at a line and column of a file's text.
    pub(super) fn at(file: &Path, text: &str, place: (usize, usize), message: String) -> Self {
        let excerpt = excerpt(text, place.0, place.1);
        Self { file: file.to_owned(), place: Some(place), message, excerpt }
    }

    /// Turns the YAML reader's error into a problem, with the nearest known name for an unknown key.
    pub(super) fn of_yaml(file: &Path, text: &str, error: &serde_saphyr::Error) -> Self {
        match describe_yaml_error(text, error) {
            (Some(place), message) => Self::at(file, text, place, message),
            (None, message) => Self::of_file(file, message),
        }
    }

    /// Returns the problem with its line, for people.
    pub fn shown(&self) -> String {
        let mut shown = self.to_string();
        for line in self.excerpt.iter().flat_map(|excerpt| excerpt.lines()) {
            shown.push_str("\n    ");
            shown.push_str(line);
        }
        shown
    }
}
