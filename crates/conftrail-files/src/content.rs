//! Reading a file whole, or not at all.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use conftrail_core::mask::Masker;

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
    let mut file = File::open(path)?;
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
