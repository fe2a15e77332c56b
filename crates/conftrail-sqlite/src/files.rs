//! The files of a database: for their owner only, and written by one process.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Held as long as the process may write; the system lets go of it when the process ends, however it ends.
pub(crate) struct WriteLock {
    _file: File,
}

/// Makes the directory (0700) and an empty file (0600) where they are missing, and locks the database.
///
/// SQLite gives its side files the mode of the database.
pub(crate) fn prepare(path: &Path) -> Result<WriteLock, Error> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.map_err(|source| Error::Open { path: directory.to_owned(), source })?;
    }
    let lock = lock(path)?;
    open_or_make(path).map_err(|source| Error::Open { path: path.to_owned(), source })?;
    Ok(lock)
}

/// Locks a file beside the database: closing any handle of the database itself would drop SQLite's own locks.
fn lock(path: &Path) -> Result<WriteLock, Error> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock_path = PathBuf::from(name);
    let file = open_or_make(&lock_path).map_err(|source| Error::Open { path: lock_path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(WriteLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(Error::Open { path: lock_path, source }),
    }
}

fn open_or_make(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}
