//! What preflight found.

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be, or good to know.
    Info,
    /// Works, but shows or proves less than it could.
    Warning,
    /// Capture does not work.
    Fatal,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What was found, as a sentence without a full stop.
    pub what: String,
    /// Where: a key of the configuration, or a variable of the server.
    pub place: String,
    /// The exact lines of SQL that mend it.
    pub mend: Option<String>,
}

impl Finding {
    pub(super) fn new(severity: Severity, place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { severity, what: what.into(), place: place.into(), mend: None }
    }

    pub(super) fn fatal(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(Severity::Fatal, place, what)
    }

    pub(super) fn warning(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(Severity::Warning, place, what)
    }

    pub(super) fn info(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(Severity::Info, place, what)
    }

    pub(super) fn mended_by(mut self, sql: impl Into<String>) -> Self {
        self.mend = Some(sql.into());
        self
    }
}
