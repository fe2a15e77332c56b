//! What can go wrong with a control query.

use std::time::Duration;

/// A failure of a control query. The statement is named by its purpose, not by its text.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The server could not be reached, or the login failed.
    #[error("open a control connection")]
    Connect(#[source] mysql_async::Error),
    /// A query failed.
    #[error("ask the server for {what}")]
    Query {
        /// What was asked for.
        what: &'static str,
        /// Why.
        #[source]
        source: mysql_async::Error,
    },
    /// The server did not answer in time.
    #[error("ask the server for {what}: no answer within {} s", .patience.as_secs())]
    Silent {
        /// What was asked for.
        what: &'static str,
        /// How long we waited.
        patience: Duration,
    },
    /// The answer is not what was asked for.
    #[error("ask the server for {what}: the answer cannot be understood")]
    Answer {
        /// What was asked for.
        what: &'static str,
    },
}

impl ControlError {
    /// Returns MySQL's error number, where the server refused.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Connect(mysql_async::Error::Server(error))
            | Self::Query { source: mysql_async::Error::Server(error), .. } => Some(error.code),
            _ => None,
        }
    }
}
