//! The one error that crosses a port.

use std::time::Duration;

/// Says what a caller can do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The other side cannot be reached or is busy; trying again may help, not before `retry_after`.
    Unavailable {
        /// The earliest sensible moment, where the other side named one.
        retry_after: Option<Duration>,
    },
    /// The other side understood and refuses; the same request will be refused again.
    Rejected,
    /// What was read is not what was written, or cannot be understood.
    Corrupt,
    /// A person must change the configuration, rights or the environment.
    Misconfigured,
}

/// A failure of a port: what kind, doing what, and why.
///
/// Display names the operation only; [`explain`] prints the chain, once, where the error is handled.
#[derive(Debug, thiserror::Error)]
#[error("{operation}")]
pub struct PortError {
    kind: ErrorKind,
    operation: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result of a port's operation.
pub type PortResult<T> = Result<T, PortError>;

impl PortError {
    /// Makes an error without a deeper cause; `operation` is verb and object, lowercase, without values.
    pub fn new(kind: ErrorKind, operation: impl Into<String>) -> Self {
        Self { kind, operation: operation.into(), source: None }
    }

    /// Makes an error that another side may mend by itself.
    pub fn unavailable(operation: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable { retry_after: None }, operation)
    }

    /// Makes an error that only a person can mend.
    pub fn misconfigured(operation: impl Into<String>) -> Self {
        Self::new(ErrorKind::Misconfigured, operation)
    }

    /// Makes an error about content that cannot be understood.
    pub fn corrupt(operation: impl Into<String>) -> Self {
        Self::new(ErrorKind::Corrupt, operation)
    }

    /// Makes an error about a request that will be refused again.
    pub fn rejected(operation: impl Into<String>) -> Self {
        Self::new(ErrorKind::Rejected, operation)
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Returns the kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Says whether trying the same again may help.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Unavailable { .. })
    }
}

/// Prints an error with its causes, `a: b: c`.
pub fn explain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = cause.source();
    }
    text
}
