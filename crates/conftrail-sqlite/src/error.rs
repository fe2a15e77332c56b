//! What can go wrong on local disk, and what it means to a port.

use std::path::PathBuf;

use conftrail_core::{PortError, PortResult};
use rusqlite::ErrorCode;

/// A failure of a database on local disk. Texts name files, never content.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite refused or failed.
    #[error("use the database")]
    Sqlite(#[from] rusqlite::Error),
    /// A file or directory could not be made or opened.
    #[error("open {}", path.display())]
    Open {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process writes to this database.
    #[error(
        "{} is in use by another conftrail process; stop that one, or give this one a data directory of its own",
        path.display()
    )]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// The database was written by a newer version.
    #[error(
        "{} was written by a newer version of conftrail (schema {found}, this one knows {known}); start that version, or restore a backup",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// The schema's number in the file.
        found: usize,
        /// The newest number that this code knows.
        known: usize,
    },
    /// The database is older than this code and was opened for reading only.
    #[error(
        "{} has an older schema ({found}, this version reads {known}); start `conftrail run` once to bring it up to date",
        path.display()
    )]
    Older {
        /// The database.
        path: PathBuf,
        /// The schema's number in the file.
        found: usize,
        /// The number that this code reads.
        known: usize,
    },
    /// What stands in the database cannot be understood.
    #[error("read {0}")]
    Undecodable(&'static str),
    /// The caller asked for what cannot be; `0` is verb and object.
    #[error("{0}")]
    Rejected(&'static str),
    /// The thread that works on the database has ended.
    #[error("reach the database's thread")]
    Stopped,
}

impl Error {
    /// Turns this into the port's error; `operation` is verb and object, lowercase, without values.
    pub fn during(self, operation: &'static str) -> PortError {
        let error = match &self {
            Self::Sqlite(cause) => of_sqlite(cause, operation),
            Self::Open { .. } | Self::InUse { .. } | Self::Newer { .. } | Self::Older { .. } => {
                PortError::misconfigured(operation)
            }
            Self::Undecodable(_) => PortError::corrupt(operation),
            Self::Rejected(_) => PortError::rejected(operation),
            Self::Stopped => PortError::unavailable(operation),
        };
        match self {
            Self::Sqlite(cause) => error.because(cause),
            other => error.because(other),
        }
    }

    /// Returns a copy for everyone who shares a transaction that failed as a whole.
    pub(crate) fn shared(cause: &rusqlite::Error) -> Self {
        let copy = match cause {
            rusqlite::Error::SqliteFailure(code, text) => rusqlite::Error::SqliteFailure(*code, text.clone()),
            _ => return Self::Stopped,
        };
        Self::Sqlite(copy)
    }
}

fn of_sqlite(cause: &rusqlite::Error, operation: &'static str) -> PortError {
    match cause.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => PortError::corrupt(operation),
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            PortError::misconfigured(operation)
        }
        Some(ErrorCode::TooBig) => PortError::rejected(operation),
        // A full disk, a busy file, a failing device: each may be mended while we wait.
        Some(_) => PortError::unavailable(operation),
        // A column of another type than the schema says.
        None => PortError::corrupt(operation),
    }
}

/// Names the operation at the port.
pub(crate) trait During<T> {
    /// Turns an error into the port's, doing `operation`.
    fn during(self, operation: &'static str) -> PortResult<T>;
}

impl<T> During<T> for Result<T, Error> {
    fn during(self, operation: &'static str) -> PortResult<T> {
        self.map_err(|error| error.during(operation))
    }
}
