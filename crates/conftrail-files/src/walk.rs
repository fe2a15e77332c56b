//! What stands below a directory, as programs see it: through symbolic links, under the visible names.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::Selection;

/// How deep directories are followed; symbolic links can make more of them than there are.
const MAX_DEPTH: usize = 32;
/// How many files one source watches.
const MAX_FILES: usize = 100_000;

/// What the system says of a file; two equal ones mean that the content was not touched in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    /// The file's identity: device and inode.
    pub(crate) id: (u64, u64),
    pub(crate) bytes: u64,
    /// When the content was changed, in ns since the epoch; anyone may set it.
    pub(crate) mtime: i128,
    /// When the inode was changed, in ns since the epoch; nobody may set it.
    pub(crate) ctime: i128,
    /// The owner.
    pub(crate) uid: u32,
}

impl Stat {
    /// Reads it off the metadata.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let ns = |seconds: i64, ns: i64| i128::from(seconds) * 1_000_000_000 + i128::from(ns);
        Self {
            id: (metadata.dev(), metadata.ino()),
            bytes: metadata.len(),
            mtime: ns(metadata.mtime(), metadata.mtime_nsec()),
            ctime: ns(metadata.ctime(), metadata.ctime_nsec()),
            uid: metadata.uid(),
        }
    }

    /// Returns how long the file has been left alone at `now`; none when its times lie ahead.
    pub(crate) fn age(&self, now_ns: i128) -> Option<Duration> {
        let age = now_ns - self.mtime.max(self.ctime);
        u64::try_from(age).ok().map(Duration::from_nanos)
    }
}

/// What was found below a directory.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Regular files by their path below the directory, with `/` between parts.
    pub(crate) files: BTreeMap<String, (PathBuf, Stat)>,
    /// The directories that were listed, by their paths likewise.
    pub(crate) directories: Vec<String>,
    /// Paths that could not be looked at; what lies below them is not known to be gone. The empty path is the
    /// directory itself.
    pub(crate) blind: BTreeMap<String, Blind>,
    /// The directory's identity.
    pub(crate) root: (u64, u64),
}

/// A path that exists and could not be looked at.
#[derive(Debug)]
pub(crate) struct Blind {
    /// What the system said.
    pub(crate) error: io::Error,
    /// Whether it is, or may hold, something that the configuration asks for.
    pub(crate) is_of_interest: bool,
}

/// Looks at everything below `root`.
///
/// # Errors
/// When the directory itself cannot be read.
pub(crate) fn walk(root: &Path, selection: &Selection) -> io::Result<Found> {
    let metadata = fs::metadata(root)?;
    let found = Found { root: (metadata.dev(), metadata.ino()), ..Found::default() };
    let entries = fs::read_dir(root)?;
    let mut walk = Walk { selection, above: vec![found.root], found };
    walk.directory(entries, "");
    Ok(walk.found)
}

/// A walk that is under way.
struct Walk<'a> {
    selection: &'a Selection,
    /// The identities of the directories that are open, outermost first.
    above: Vec<(u64, u64)>,
    found: Found,
}

impl Walk<'_> {
    fn directory(&mut self, entries: fs::ReadDir, prefix: &str) {
        for entry in entries {
            match entry {
                Ok(entry) => self.entry(&entry, prefix),
                Err(error) => self.blind(prefix.trim_end_matches('/'), error, true),
            }
        }
    }

    fn entry(&mut self, entry: &DirEntry, prefix: &str) {
        let name = legible(&entry.file_name());
        // `..data` and `..2026_11_20_…` are how a mounted ConfigMap swaps its content; the visible links lead there.
        if name.starts_with("..") || matches!(name.as_str(), ".git" | ".hg" | ".svn") {
            return;
        }
        let path = format!("{prefix}{name}");
        match fs::metadata(entry.path()) {
            Ok(metadata) if metadata.is_dir() => self.enter(entry, path, (metadata.dev(), metadata.ino())),
            Ok(metadata) if metadata.is_file() && self.selection.takes(&path) => {
                if self.found.files.len() >= MAX_FILES {
                    let said = format!("more than {MAX_FILES} files: the rest is not read");
                    return self.blind("", io::Error::other(said), true);
                }
                self.found.files.insert(path, (entry.path(), Stat::of(&metadata)));
            }
            Ok(_) => {}
            // A link to nowhere, or gone since the directory was read.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // Whoever may list a directory and not search it can look at nothing in it: that is one fault.
            Err(error)
                if is_denied(&error) && fs::symlink_metadata(entry.path()).is_err_and(|e| is_denied(&e)) =>
            {
                self.blind(prefix.trim_end_matches('/'), error, true);
            }
            Err(error) => {
                let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
                let is_of_interest =
                    self.selection.takes(&path) || (!is_file && self.selection.may_hold(&path));
                self.blind(&path, error, is_of_interest);
            }
        }
    }

    fn enter(&mut self, entry: &DirEntry, path: String, id: (u64, u64)) {
        if self.above.contains(&id) || !self.selection.may_hold(&path) {
            return;
        }
        if self.above.len() >= MAX_DEPTH {
            let said = format!("more than {MAX_DEPTH} directories deep: not read");
            return self.blind(&path, io::Error::other(said), true);
        }
        match fs::read_dir(entry.path()) {
            Ok(inner) => {
                self.above.push(id);
                self.directory(inner, &format!("{path}/"));
                self.above.pop();
                self.found.directories.push(path);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.blind(&path, error, true),
        }
    }

    /// Notes a path that cannot be looked at, with its first fault.
    fn blind(&mut self, path: &str, error: io::Error, is_of_interest: bool) {
        self.found.blind.entry(path.to_owned()).or_insert(Blind { error, is_of_interest });
    }
}

fn is_denied(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

/// Returns a name as text. What is not UTF-8 stands as `\xC5`, so that two names stay two.
fn legible(name: &OsStr) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string does not fail.
            let _never_fails = write!(text, "\\x{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_character_sets_stay_apart() {
        let names = [&b"\xc5\xe4.yaml"[..], b"\xd6\xc3.yaml", "配置.yaml".as_bytes()];
        assert_eq!(
            names.map(|name| legible(OsStr::from_bytes(name))),
            ["\\xC5\\xE4.yaml", "\\xD6\\xC3.yaml", "配置.yaml"]
        );
    }
}
