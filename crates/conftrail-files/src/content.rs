//! Reading a file whole, or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use conftrail_core::mask::Masker;
use rustix::fs::OFlags;

use crate::walk::Stat;

/// How much is read at a time.
const PIECE: usize = 64 * 1024;

/// A file's content at one moment, in clear.
pub(crate) struct Content {
    /// The keyed fingerprint of all of it.
    pub(crate) fingerprint: String,
    /// All of it, if it is within the limit.
    pub(crate) bytes: Option<Vec<u8>>,
    /// How many bytes it has.
    pub(crate) len: u64,
}

impl Content {
    /// Says whether the content is known and is no UTF-8 text: binary, or of another encoding.
    pub(crate) fn is_not_text(&self) -> bool {
        self.bytes.is_some() && self.text().is_none()
    }

    /// Returns the text; none for binary content and for content above the limit.
    pub(crate) fn text(&self) -> Option<&str> {
        let bytes = self.bytes.as_deref()?;
        std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
    }
}

/// Clear content never prints.
impl std::fmt::Debug for Content {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Content({}, {} bytes)", self.fingerprint, self.len)
    }
}

/// Reads a file; none when it was replaced or written to in the meantime.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn read(path: &Path, stat: &Stat, limit: u64, masker: &Masker) -> io::Result<Option<Content>> {
    let mut file = open(path)?;
    if Stat::of(&file.metadata()?) != *stat {
        return Ok(None);
    }
    let mut fingerprinter = masker.fingerprinter();
    let mut kept = (stat.bytes <= limit).then(Vec::new);
    let mut len = 0_u64;
    let mut piece = vec![0; PIECE];
    loop {
        let count = file.read(&mut piece)?;
        let Some(read) = piece.get(..count).filter(|read| !read.is_empty()) else { break };
        fingerprinter.update(read);
        len += count as u64;
        if len > limit {
            kept = None;
        }
        if let Some(kept) = &mut kept {
            kept.extend_from_slice(read);
        }
    }
    if Stat::of(&file.metadata()?) != *stat || len != stat.bytes {
        return Ok(None);
    }
    Ok(Some(Content { fingerprint: fingerprinter.finish(), bytes: kept, len }))
}

/// Opens a file for reading. A pipe that took the file's place since it was looked at is opened at once too, rather than when
/// somebody writes to it, which may be never; files are read as ever.
fn open(path: &Path) -> io::Result<File> {
    let at_once = i32::try_from(OFlags::NONBLOCK.bits()).expect("a flag of open(2) is a C int");
    OpenOptions::new().read(true).custom_flags(at_once).open(path)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use conftrail_core::mask::{MaskKey, MaskRules};

    use super::*;

    #[test]
    fn a_pipe_that_took_a_files_place_holds_nothing_up() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.yaml");
        std::fs::write(&path, "a: 1").unwrap();
        let stat = Stat::of(&path.metadata().unwrap());
        std::fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let (done, read_in_time) = mpsc::channel();
        std::thread::spawn(move || {
            let masker = Masker::new(MaskKey::new([1; 32]), &MaskRules::default()).unwrap();
            let _late = done.send(read(&path, &stat, 1 << 20, &masker).unwrap().is_none());
        });
        assert_eq!(read_in_time.recv_timeout(Duration::from_secs(20)), Ok(true));
    }
}
