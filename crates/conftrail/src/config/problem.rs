//! What is wrong with a configuration file, where, and the way out.

use std::path::{Path, PathBuf};

use conftrail_engine::describe_yaml_error;

/// One problem of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// Line and column, from 1, where they are known.
    pub place: Option<(usize, usize)>,
    /// One sentence: the field, what is wrong, and the way out.
    pub message: String,
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
        Self { file: file.to_owned(), place: None, message: message.into() }
    }

    /// Turns the YAML reader's error into a problem, with the nearest known name for an unknown key.
    pub(super) fn of_yaml(file: &Path, text: &str, error: &serde_saphyr::Error) -> Self {
        let (place, message) = describe_yaml_error(text, error);
        Self { file: file.to_owned(), place, message }
    }
}
