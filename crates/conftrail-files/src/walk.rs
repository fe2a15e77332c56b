//! What stands below a directory, as programs see it: through symbolic links, under the visible names.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write;
use std::fs::{self, Metadata};
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
    /// Paths that could not be looked at; what lies below them is not known to be gone.
    pub(crate) blind: Vec<String>,
    /// The directory's identity.
    pub(crate) root: (u64, u64),
}

impl Found {
    /// Says whether a path's absence says nothing.
    pub(crate) fn is_blind_to(&self, path: &str) -> bool {
        self.blind.iter().any(|blind| {
            path.strip_prefix(blind.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || blind.is_empty())
        })
    }
}

/// Looks at everything below `root`.
///
/// # Errors
/// When the directory itself cannot be read.
pub(crate) fn walk(root: &Path, selection: &Selection) -> io::Result<Found> {
    let metadata = fs::metadata(root)?;
    let mut found = Found { root: (metadata.dev(), metadata.ino()), ..Found::default() };
    let entries = fs::read_dir(root)?;
    directory(entries, "", selection, &mut vec![found.root], &mut found);
    Ok(found)
}

fn directory(
    entries: fs::ReadDir,
    prefix: &str,
    selection: &Selection,
    above: &mut Vec<(u64, u64)>,
    found: &mut Found,
) {
    for entry in entries {
        let Ok(entry) = entry else {
            found.blind.push(prefix.trim_end_matches('/').to_owned());
            continue;
        };
        let name = legible(&entry.file_name());
        // `..data` and `..2026_11_20_…` are how a mounted ConfigMap swaps its content; the visible links lead there.
        if name.starts_with("..") || matches!(name.as_str(), ".git" | ".hg" | ".svn") {
            continue;
        }
        let path = format!("{prefix}{name}");
        let metadata = match fs::metadata(entry.path()) {
            Ok(metadata) => metadata,
            // A link to nowhere, or gone since the directory was read.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(_) => {
                found.blind.push(path);
                continue;
            }
        };
        if metadata.is_dir() {
            let id = (metadata.dev(), metadata.ino());
            if above.contains(&id) || above.len() >= MAX_DEPTH {
                continue;
            }
            match fs::read_dir(entry.path()) {
                Ok(inner) => {
                    above.push(id);
                    directory(inner, &format!("{path}/"), selection, above, found);
                    above.pop();
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => found.blind.push(path),
            }
        } else if metadata.is_file() && selection.takes(&path) {
            if found.files.len() >= MAX_FILES {
                found.blind.push(String::new());
                return;
            }
            found.files.insert(path, (entry.path(), Stat::of(&metadata)));
        }
    }
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
