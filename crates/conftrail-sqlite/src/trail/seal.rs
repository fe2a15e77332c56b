//! Signed checkpoints outside the database: a file that only grows, one JSON object a line, to be kept elsewhere too.
//!
//! A database that was put back to an older copy agrees with itself; the file, or a copy of it, tells.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use conftrail_core::integrity::{Checkpoint, SigningKey};
use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The file's name within the data directory.
pub(super) const FILE: &str = "trail.checkpoints";
/// The end of the file that is read to find its last line; a line has some 300 bytes.
const TAIL: u64 = 8_192;

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) checkpoint: String,
}

/// Signs for a trail.
pub(super) struct Seal {
    pub(super) key: SigningKey,
    path: PathBuf,
    /// The size of the checkpoint that was written last.
    written: Mutex<Option<u64>>,
}

impl Seal {
    pub(super) fn new(directory: &Path, key: SigningKey) -> Result<Self, Error> {
        let path = directory.join(FILE);
        let last = last_line(&path).map_err(|source| Error::Open { path: path.clone(), source })?;
        let size = last.as_deref().and_then(Checkpoint::unverified).map(|checkpoint| checkpoint.size);
        Ok(Self { key, path, written: Mutex::new(size) })
    }

    /// Says how many leaves the file knows to be signed.
    pub(super) fn written(&self) -> Option<u64> {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a checkpoint, unless it is the one that was written last.
    pub(super) fn append(&self, note: &str) -> Result<(), Error> {
        let Some(checkpoint) = Checkpoint::unverified(note) else {
            return Err(Error::Undecodable("the newest checkpoint"));
        };
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if *written == Some(checkpoint.size) {
            return Ok(());
        }
        append_line(&self.path, note).map_err(|source| Error::Open { path: self.path.clone(), source })?;
        *written = Some(checkpoint.size);
        Ok(())
    }
}

/// Returns the newest signed checkpoint of the database.
pub(super) fn newest(connection: &Connection) -> Result<Option<String>, Error> {
    let mut select =
        connection.prepare_cached("SELECT note FROM checkpoints ORDER BY size DESC, time DESC LIMIT 1")?;
    Ok(select.query_row([], |row| row.get(0)).optional()?)
}

/// Says in a sentence what is wrong when the tree is not where its newest checkpoint, or the file beside it, left it.
///
/// Every transaction signs, so that at a start both agree, or the database is not the one that was closed.
pub(super) fn complaint(connection: &Connection, seal: &Seal) -> Result<Option<String>, Error> {
    let growth = crate::trail::grow::Growth::load(connection)?;
    let (size, root) = (growth.size(), growth.root());
    if let Some(written) = seal.written().filter(|written| *written > size) {
        return Ok(Some(format!(
            "the trail has {size} events and {FILE} has a signed checkpoint of {written}: trail.db is an older copy, \
             or its end was removed"
        )));
    }
    let Some(signed) = newest(connection)?.as_deref().and_then(Checkpoint::unverified) else {
        return Ok(None);
    };
    if (signed.size, signed.root) == (size, root) {
        return Ok(None);
    }
    Ok(Some(format!(
        "the trail's tree ({size} events) is not the one of its newest signed checkpoint ({}): trail.db was altered",
        signed.size
    )))
}

fn append_line(path: &Path, note: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    // A line that a crash left unfinished stays a line of its own.
    let mut line = if ends_with_newline(&mut file)? { Vec::new() } else { vec![b'\n'] };
    serde_json::to_writer(&mut line, &Line { checkpoint: note.to_owned() })?;
    line.push(b'\n');
    file.write_all(&line)?;
    file.sync_data()
}

fn ends_with_newline(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == [b'\n'])
}

/// Returns the last checkpoint of the file that is whole.
fn last_line(path: &Path) -> io::Result<Option<String>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let whole = |line: &[u8]| serde_json::from_slice::<Line>(line).ok().map(|line| line.checkpoint);
    Ok(tail.split(|byte| *byte == b'\n').rev().find_map(whole))
}

/// Returns every checkpoint of a file of checkpoints that is whole.
///
/// # Errors
/// The file is there and cannot be read.
pub(super) fn read_all(path: &Path) -> io::Result<Vec<String>> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let lines = text.split(|byte| *byte == b'\n');
    Ok(lines
        .filter_map(|line| serde_json::from_slice::<Line>(line).ok())
        .map(|line| line.checkpoint)
        .collect())
}

#[cfg(test)]
mod tests {
    use conftrail_core::integrity::TreeHash;

    use super::*;

    fn note(key: &SigningKey, size: u64) -> String {
        Checkpoint { origin: "test".to_owned(), size, root: TreeHash::empty(), time: None }.sign(key)
    }

    #[test]
    fn checkpoints_are_appended_once_and_an_unfinished_line_harms_no_other() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join(FILE);
        let key = || SigningKey::from_seed("test", [1; 32]).unwrap();
        let seal = Seal::new(directory.path(), key()).unwrap();
        assert_eq!(seal.written(), None);
        for size in [1, 1, 2] {
            seal.append(&note(&seal.key, size)).unwrap();
        }
        let torn = OpenOptions::new().append(true).open(&path).unwrap();
        (&torn).write_all(b"{\"checkpoint\":\"conft").unwrap();
        let again = Seal::new(directory.path(), key()).unwrap();
        assert_eq!(again.written(), Some(2));
        again.append(&note(&again.key, 3)).unwrap();
        let sizes: Vec<u64> = read_all(&path)
            .unwrap()
            .iter()
            .filter_map(|note| Checkpoint::unverified(note))
            .map(|checkpoint| checkpoint.size)
            .collect();
        assert_eq!(sizes, [1, 2, 3]);
    }
}
