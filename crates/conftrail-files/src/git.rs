//! Asking Git who committed what stands in a file.
//!
//! The checkout may belong to someone else and is trusted with nothing: no hooks, no monitors, no filters, no network.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use tokio::process::Command;
use tokio::runtime::Handle;

use crate::commit::Commit;

/// How long one question may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long it is believed that a directory belongs to a checkout.
const BELIEVED: Duration = Duration::from_secs(60);
/// Options of every call, before the command.
const SAFE: [&str; 14] = [
    "-c",
    "safe.directory=*",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "log.showSignature=false",
    "-c",
    "protocol.allow=never",
    "-c",
    "core.alternateRefsCommand=",
    "--no-pager",
    "--literal-pathspecs",
];

/// What Git knows of a file's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The content is the last commit's, which is this.
    Committed(Commit),
    /// A checkout, but HEAD holds something else.
    Differs,
    /// No checkout, or no Git.
    Unknown,
}

/// Asks Git, one question at a time, from a blocking thread.
#[derive(Debug)]
pub(crate) struct Git {
    runtime: Handle,
    /// The directories that Git said belong to a checkout, with the checkout's identity and when it was asked.
    checkouts: HashMap<PathBuf, ((u64, u64), Instant)>,
    is_absent: bool,
}

impl Git {
    /// Remembers the runtime that runs the calls.
    pub(crate) fn new(runtime: Handle) -> Self {
        Self { runtime, checkouts: HashMap::new(), is_absent: false }
    }

    /// Says which commit put this content into the file; `None` as content stands for a file that is gone.
    pub(crate) fn commit_of(&mut self, file: &Path, content: Option<&[u8]>) -> Verdict {
        // A deleted file's directory may be gone with it.
        let Some(directory) = file.ancestors().skip(1).find(|directory| directory.is_dir()) else {
            return Verdict::Unknown;
        };
        let Some(name) = file.strip_prefix(directory).ok().and_then(Path::to_str) else {
            return Verdict::Unknown;
        };
        if !self.is_checkout(directory) {
            return Verdict::Unknown;
        }
        let path = format!("./{name}");
        let committed = self.output(directory, &["cat-file", "blob", &format!("HEAD:{path}")]);
        let is_same = match (&committed, content) {
            (Some(blob), Some(content)) => blob == content,
            (None, None) => true,
            _ => false,
        };
        if !is_same {
            return Verdict::Differs;
        }
        let format = "--format=%H%x00%an%x00%ae%x00%B";
        let log = self
            .output(directory, &["log", "-1", "-z", "--no-color", "--encoding=UTF-8", format, "--", &path]);
        let commit = log.and_then(|output| Commit::parse(&String::from_utf8_lossy(&output)));
        commit.map_or(Verdict::Differs, Verdict::Committed)
    }

    fn is_checkout(&mut self, directory: &Path) -> bool {
        if self.is_absent {
            return false;
        }
        // Only where there is a `.git` can there be a checkout: looking for it is cheap enough to do every time, so that
        // one that was just made or removed is noticed at once. Whether it is one is for Git to say.
        let Some(found) = git_entry(directory) else {
            self.checkouts.remove(directory);
            return false;
        };
        if let Some((known, since)) = self.checkouts.get(directory)
            && *known == found
            && since.elapsed() < BELIEVED
        {
            return true;
        }
        let answer = self.output(directory, &["rev-parse", "--is-inside-work-tree"]);
        let is_checkout = answer.is_some_and(|output| output.starts_with(b"true"));
        if is_checkout {
            self.checkouts.insert(directory.to_owned(), (found, Instant::now()));
        } else {
            // Not believed for any time: `git init` may be under way.
            self.checkouts.remove(directory);
        }
        is_checkout
    }

    /// Returns what a command prints, if it succeeds.
    fn output(&mut self, directory: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
        match self.run(directory, arguments) {
            Ok(output) if output.status.success() => Some(output.stdout),
            Ok(_) => None,
            Err(error) => {
                if error.kind() == io::ErrorKind::NotFound {
                    self.is_absent = true;
                    tracing::warn!("git is not installed: changes are attributed to the files' owners");
                } else {
                    tracing::warn!(error = %error.kind(), "git did not answer");
                }
                None
            }
        }
    }

    fn run(&self, directory: &Path, arguments: &[&str]) -> io::Result<Output> {
        let mut command = Command::new("git");
        command
            .args(SAFE)
            .args(arguments)
            .current_dir(directory)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .env("LC_ALL", "C.UTF-8")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1");
        // What the caller's environment says of another repository must not apply here.
        for variable in
            ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"]
        {
            command.env_remove(variable);
        }
        self.runtime.block_on(async {
            let answer = tokio::time::timeout(TIMEOUT, command.output()).await;
            answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        })
    }
}

/// Returns the identity of the nearest `.git` at or above a directory, which is a file in a linked worktree.
fn git_entry(directory: &Path) -> Option<(u64, u64)> {
    // Git goes up from where links lead.
    let directory = directory.canonicalize().ok()?;
    let found = directory.ancestors().find_map(|above| above.join(".git").metadata().ok())?;
    Some((found.dev(), found.ino()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn run(directory: &Path, arguments: &[&str]) {
        let known = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let done =
            std::process::Command::new("git").args(known).args(arguments).current_dir(directory).output();
        assert!(done.is_ok_and(|output| output.status.success()), "git {arguments:?}");
    }

    #[test]
    fn a_checkout_that_was_just_made_or_removed_is_noticed_at_once() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut git = Git::new(runtime.handle().clone());
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("app/a.yaml");
        fs::create_dir(directory.path().join("app")).unwrap();
        fs::write(&file, "v: 1\n").unwrap();
        let verdict = |git: &mut Git, content: &[u8]| git.commit_of(&file, Some(content));
        assert_eq!(verdict(&mut git, b"v: 1\n"), Verdict::Unknown);
        // What `git init` leaves for a moment is no checkout yet.
        fs::create_dir(directory.path().join(".git")).unwrap();
        assert_eq!(verdict(&mut git, b"v: 1\n"), Verdict::Unknown);
        run(directory.path(), &["init", "-q"]);
        assert_eq!(verdict(&mut git, b"v: 1\n"), Verdict::Differs);
        run(directory.path(), &["add", "."]);
        run(directory.path(), &["commit", "-q", "-m", "first"]);
        assert!(matches!(verdict(&mut git, b"v: 1\n"), Verdict::Committed(_)));
        assert_eq!(verdict(&mut git, b"v: 2\n"), Verdict::Differs);
        fs::remove_dir_all(directory.path().join(".git")).unwrap();
        assert_eq!(verdict(&mut git, b"v: 2\n"), Verdict::Unknown);
    }

    #[test]
    fn a_link_into_a_checkout_is_followed() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut git = Git::new(runtime.handle().clone());
        let directory = tempfile::tempdir().unwrap();
        let (checkout, link) = (directory.path().join("checkout"), directory.path().join("link"));
        fs::create_dir_all(checkout.join("app")).unwrap();
        std::os::unix::fs::symlink(checkout.join("app"), &link).unwrap();
        run(&checkout, &["init", "-q"]);
        assert_eq!(git.commit_of(&link.join("a.yaml"), Some(b"v: 1\n")), Verdict::Differs);
    }
}
