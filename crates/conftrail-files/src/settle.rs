//! When a changed file has come to rest: an editor that truncates and writes must not be seen in between.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::walk::Stat;

/// How long a file must have been left alone.
pub(crate) const QUIET: Duration = Duration::from_millis(150);
/// How long is waited for a file that is written to without rest.
const PATIENCE: Duration = Duration::from_secs(5);

/// Remembers the files that were found in motion.
#[derive(Debug, Default)]
pub(crate) struct Settling {
    moving: HashMap<String, Moving>,
    /// Since when a file was found to differ from HEAD.
    differing: HashMap<String, Instant>,
}

#[derive(Debug)]
struct Moving {
    since: Instant,
    stat: Stat,
    same_since: Instant,
}

impl Settling {
    /// Says whether a changed file may be read now.
    pub(crate) fn is_quiet(&mut self, path: &str, stat: &Stat, now_ns: i128) -> bool {
        if stat.age(now_ns).is_some_and(|age| age >= QUIET) {
            return true;
        }
        // The file's clock may not be ours (a network file system): two equal looks apart do as well.
        let now = Instant::now();
        let moving =
            self.moving.entry(path.to_owned()).or_insert(Moving { since: now, stat: *stat, same_since: now });
        if moving.stat != *stat {
            moving.stat = *stat;
            moving.same_since = now;
        }
        now.duration_since(moving.same_since) >= QUIET || now.duration_since(moving.since) >= PATIENCE
    }

    /// Says whether a file that differs from HEAD may be given more time for its commit; without an end to it, a file
    /// that is written again and again would never be reported.
    pub(crate) fn may_wait_for_commit(&mut self, path: &str, now: Instant) -> bool {
        let since = *self.differing.entry(path.to_owned()).or_insert(now);
        now.duration_since(since) < PATIENCE
    }

    /// Forgets a file that was read.
    pub(crate) fn done(&mut self, path: &str) {
        self.moving.remove(path);
        self.differing.remove(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_written_without_rest_is_not_waited_for_for_ever() {
        let mut settling = Settling::default();
        let begin = Instant::now();
        assert!(settling.may_wait_for_commit("app.yaml", begin));
        assert!(settling.may_wait_for_commit("app.yaml", begin + Duration::from_secs(4)));
        assert!(!settling.may_wait_for_commit("app.yaml", begin + PATIENCE));
        settling.done("app.yaml");
        assert!(settling.may_wait_for_commit("app.yaml", begin + PATIENCE));
    }
}
