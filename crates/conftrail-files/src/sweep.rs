//! One look at the directory after the other: what differs from what was recorded.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use conftrail_core::document::{Document, Format};
use conftrail_core::mask::Masker;
use conftrail_core::{
    Checkpoint, Event, Map, Origin, PortError, PortResult, Position, StateChange, Timestamp, Value,
};

use crate::config::{Config, Selection};
use crate::content::{self, Content};
use crate::git::{Git, Verdict};
use crate::known::Known;
use crate::owner::Owners;
use crate::report::{self, After, Difference};
use crate::settle::Settling;
use crate::unreadable::{Faults, Now, Unreadable};
use crate::walk::{Blind, Found, Stat, walk};

/// How often all content is read again, also of files that the system says were not touched.
const READ_ALL_EVERY: Duration = Duration::from_secs(300);
/// How long a file that differs from HEAD is given: Git writes files before it moves HEAD.
const GIT_GRACE: Duration = Duration::from_secs(1);

/// What one look found.
#[derive(Debug)]
pub(crate) struct Look {
    /// The events, oldest first, each with the state it leaves.
    pub(crate) events: Vec<(Arc<Event>, StateChange)>,
    /// State that changed without an event.
    pub(crate) learned: Vec<StateChange>,
    /// When the look began.
    pub(crate) at: Timestamp,
    /// Whether everything was at rest, so that nothing older than `at` is outstanding.
    pub(crate) is_settled: bool,
    /// How many files and directories are told to be unreadable now.
    pub(crate) unreadable: u64,
    faults: Faults,
}

/// Compares a directory with what was recorded of it.
#[derive(Debug)]
pub(crate) struct Sweeper {
    config: Config,
    selection: Selection,
    masker: Arc<Masker>,
    origin: Origin,
    git: Git,
    owners: Owners,
    known: BTreeMap<String, Known>,
    /// What the system said of each file when its content was last read.
    stats: HashMap<String, Stat>,
    settling: Settling,
    unreadable: Unreadable,
    /// Whether all files that existed at the first start are known.
    is_learned: bool,
    root: Option<(u64, u64)>,
    read_all_at: Option<Instant>,
}

impl Sweeper {
    /// Starts after a checkpoint, or with nothing known.
    ///
    /// # Errors
    /// `Corrupt` when the checkpoint is not one of this source, `Misconfigured` when it was made with another
    /// mask key, so that nothing in it can be compared.
    pub(crate) fn new(
        config: Config,
        masker: Arc<Masker>,
        origin: Origin,
        git: Git,
        after: Option<Checkpoint>,
    ) -> PortResult<Self> {
        let checkpoint = after.unwrap_or_default();
        let mut known = BTreeMap::new();
        let mut unreadable = Unreadable::default();
        let broken = || PortError::corrupt("read checkpoint of a directory");
        for (path, value) in checkpoint.state {
            if let Some(restored) = unreadable.restore(&path, &value) {
                restored.map_err(|()| broken())?;
                continue;
            }
            let file = Known::of_value(&value).ok_or_else(broken)?;
            let ours = format!("hmac:{}:", masker.key_id());
            if file.fingerprint.as_ref().is_some_and(|fingerprint| !fingerprint.starts_with(&ours)) {
                let said = "compare files with the checkpoint: it was made with another mask key";
                return Err(PortError::misconfigured(said));
            }
            known.insert(path, file);
        }
        let position = checkpoint.position.0.as_map().cloned().unwrap_or_default();
        let number =
            |name: &str| position.get(name).and_then(Value::as_text).and_then(|text| text.parse().ok());
        Ok(Self {
            selection: Selection::new(&config),
            config,
            masker,
            origin,
            git,
            owners: Owners::default(),
            known,
            stats: HashMap::new(),
            settling: Settling::default(),
            unreadable,
            is_learned: position.get("learned") == Some(&Value::Bool(true)),
            root: number("device").zip(number("inode")),
            read_all_at: None,
        })
    }

    /// Returns the position after the last look.
    pub(crate) fn position(&self) -> Position {
        let mut position = Map::default();
        position.insert("learned", self.is_learned);
        if let Some((device, inode)) = self.root {
            // As text: both may exceed what other readers of JSON keep exact.
            position.insert("device", device.to_string());
            position.insert("inode", inode.to_string());
        }
        Position(Value::Map(position))
    }

    /// Looks once. Blocks: it reads files and asks Git.
    ///
    /// # Errors
    /// When the directory itself is gone or cannot be read; that is never taken for a deletion of its files.
    pub(crate) fn look(&mut self) -> PortResult<Look> {
        let now_ns = now_ns();
        let at = Timestamp::from_micros(i64::try_from(now_ns / 1000).unwrap_or(i64::MAX));
        let mut look = Look {
            events: Vec::new(),
            learned: Vec::new(),
            at,
            is_settled: true,
            unreadable: 0,
            faults: Faults::default(),
        };
        let found = walk(&self.config.path, &self.selection)
            .map_err(|error| unreadable_root(&self.config.path, error))?;
        if found.files.is_empty()
            && !self.known.is_empty()
            && self.root.is_some_and(|root| root != found.root)
        {
            return Err(PortError::unavailable(format!(
                "read directory {}: it is empty and not the one that was read before",
                self.config.path.display()
            )));
        }
        self.root = Some(found.root);
        let reads_all = self.read_all_at.is_none_or(|last| last.elapsed() >= READ_ALL_EVERY);
        if reads_all {
            self.read_all_at = Some(Instant::now());
        }
        for (path, (file, stat)) in &found.files {
            let path = self.masker.text(path).into_owned();
            let is_untouched = self.stats.get(&path) == Some(stat);
            if is_untouched && !reads_all && self.known.get(&path).is_some_and(|known| known.gone.is_none()) {
                continue;
            }
            if !is_untouched && !self.settling.is_quiet(&path, stat, now_ns) {
                look.unclear(&path);
                continue;
            }
            self.file(&path, file, stat, now_ns, &mut look);
        }
        let blind = self.blind(&found, &mut look);
        self.missing(&found, &blind, &mut look);
        self.tell_unreadable(&found, &blind, &mut look);
        look.events.sort_by_key(|(event, _)| event.time);
        // A file in motion may be one that existed at the start: learning goes on until all are at rest.
        self.is_learned |= look.is_settled;
        Ok(look)
    }

    /// Reads one file and records what differs.
    fn file(&mut self, path: &str, file: &Path, stat: &Stat, now_ns: i128, look: &mut Look) {
        let content = match content::read(file, stat, self.config.max_bytes, &self.masker) {
            Ok(Some(content)) => content,
            Ok(None) => return look.unclear(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return look.unclear(path),
            Err(error) => return self.fails(path, &error, look),
        };
        let before = self.known.get(path).cloned();
        let before = before.or_else(|| self.unreadable.hid(path).then(Known::unseen));
        if let Some(known) = &before
            && known.fingerprint.as_ref() == Some(&content.fingerprint)
        {
            self.rest(path, stat);
            if known.gone.is_some() {
                self.record(path, Known { gone: None, ..known.clone() }, look);
            }
            return;
        }
        let is_learning = !self.is_learned && before.is_none();
        let verdict = if is_learning { Verdict::Unknown } else { self.verdict(file, &content) };
        if verdict == Verdict::Differs
            && stat.age(now_ns).is_some_and(|age| age < GIT_GRACE)
            && self.settling.may_wait_for_commit(path, Instant::now())
        {
            return look.unclear(path);
        }
        let format = Format::detect(path, content.text().unwrap_or_default());
        let document = content.text().map(|text| Document::new(format, text).mask(&self.masker));
        let known = Known::new(&content, document.as_ref());
        self.rest(path, stat);
        if is_learning {
            return self.record(path, known, look);
        }
        let owner = self.masker.text(&self.owners.name(stat.uid)).into_owned();
        let after = After { known: &known, document: document.as_ref(), format, stat: *stat, owner };
        let difference = Difference {
            path,
            before: before.as_ref(),
            after: Some(after),
            commit: commit(verdict),
            slot: look.at,
            observed: look.at,
        };
        let event = report::event(&self.masker, &self.origin, difference);
        look.events.push((event, StateChange { key: path.to_owned(), value: Some(known.to_value()) }));
        self.known.insert(path.to_owned(), known);
    }

    /// Records what is not there any more: at the first look that it is missing, at the second that it is gone.
    /// In between the note is saved, so that the event is the same whoever finds it.
    fn missing(&mut self, found: &Found, blind: &HashSet<String>, look: &mut Look) {
        let present: HashSet<String> =
            found.files.keys().map(|path| self.masker.text(path).into_owned()).collect();
        let missing: Vec<(String, Known)> = self
            .known
            .iter()
            .filter(|(path, _)| !present.contains(*path) && !is_below(blind, path))
            .map(|(path, known)| (path.clone(), known.clone()))
            .collect();
        for (path, known) in missing {
            let removal = StateChange { key: path.clone(), value: None };
            if !self.selection.takes(&path) {
                // The configuration stopped asking for it.
                self.forget(&path);
                look.learned.push(removal);
                continue;
            }
            let Some(slot) = known.gone else {
                look.is_settled = false;
                self.record(&path, Known { gone: Some(self.slot(look.at)), ..known }, look);
                continue;
            };
            let verdict = self.git.commit_of(&self.config.path.join(&path), None);
            if verdict == Verdict::Differs && look.at.since(slot) < GIT_GRACE {
                look.is_settled = false;
                continue;
            }
            let difference = Difference {
                path: &path,
                before: Some(&known),
                after: None,
                commit: commit(verdict),
                slot,
                observed: look.at,
            };
            look.events.push((report::event(&self.masker, &self.origin, difference), removal));
            self.forget(&path);
        }
    }

    fn verdict(&mut self, file: &Path, content: &Content) -> Verdict {
        match &content.bytes {
            Some(bytes) => self.git.commit_of(file, Some(bytes)),
            None => Verdict::Unknown,
        }
    }

    /// Returns the start of the schedule's tick that a moment falls into.
    fn slot(&self, at: Timestamp) -> Timestamp {
        let interval = i64::try_from(self.config.interval.0.as_micros()).unwrap_or(i64::MAX).max(1);
        Timestamp::from_micros(at.micros() - at.micros().rem_euclid(interval))
    }

    fn record(&mut self, path: &str, known: Known, look: &mut Look) {
        look.learned.push(StateChange { key: path.to_owned(), value: Some(known.to_value()) });
        self.known.insert(path.to_owned(), known);
    }

    fn rest(&mut self, path: &str, stat: &Stat) {
        self.settling.done(path);
        self.stats.insert(path.to_owned(), *stat);
    }

    fn forget(&mut self, path: &str) {
        self.known.remove(path);
        self.stats.remove(path);
        self.settling.done(path);
    }

    /// Notes a file that exists and cannot be read; it counts as neither changed nor deleted.
    fn fails(&mut self, path: &str, error: &io::Error, look: &mut Look) {
        self.settling.done(path);
        // What the system says of it is no reason to leave it alone: it is tried again at every look.
        self.stats.remove(path);
        look.faults.fails(path, error);
        if !self.known.contains_key(path) {
            self.record(path, Known::unseen(), look);
        }
    }

    /// Returns the paths, masked, about which the walk could learn nothing, and notes those that matter.
    fn blind(&self, found: &Found, look: &mut Look) -> HashSet<String> {
        let mut paths = HashSet::new();
        for (path, Blind { error, is_of_interest }) in &found.blind {
            let path = self.masker.text(path).into_owned();
            if *is_of_interest {
                look.faults.fails(&path, error);
            }
            paths.insert(path);
        }
        paths
    }

    /// Tells what cannot be read, and what can be again.
    fn tell_unreadable(&mut self, found: &Found, blind: &HashSet<String>, look: &mut Look) {
        let slot = self.slot(look.at);
        let is_directory = |path: &str| found.directories.iter().any(|one| self.masker.text(one) == path);
        let stands = |path: &str| match () {
            () if path.is_empty() => Now::Readable,
            () if !self.selection.takes(path) && !self.selection.may_hold(path) => Now::Gone,
            () if is_below(blind, path) => Now::Hidden,
            () if self.stats.contains_key(path) || is_directory(path) => Now::Readable,
            () => Now::Gone,
        };
        let told = self.unreadable.look(&self.origin, &look.faults, look.at, slot, stands);
        look.is_settled &= told.noted.is_empty();
        look.events.extend(told.events);
        look.learned.extend(told.noted);
        look.unreadable = self.unreadable.count();
    }
}

impl Look {
    /// Notes that the next look must tell how a file stands.
    fn unclear(&mut self, path: &str) {
        self.is_settled = false;
        self.faults.is_unclear(path);
    }
}

/// Says whether a path is, or lies below, one of those that could not be looked at.
fn is_below(blind: &HashSet<String>, path: &str) -> bool {
    if blind.is_empty() {
        return false;
    }
    let above = path.match_indices('/').filter_map(|(end, _)| path.get(..end));
    above.chain(["", path]).any(|path| blind.contains(path))
}

fn commit(verdict: Verdict) -> Option<crate::commit::Commit> {
    match verdict {
        Verdict::Committed(commit) => Some(commit),
        Verdict::Differs | Verdict::Unknown => None,
    }
}

fn unreadable_root(path: &Path, error: io::Error) -> PortError {
    let operation = format!("read directory {}", path.display());
    let made = match error.kind() {
        io::ErrorKind::NotADirectory => PortError::misconfigured(operation),
        _ => PortError::unavailable(operation),
    };
    made.because(error)
}

fn now_ns() -> i128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i128::try_from(since.as_nanos()).unwrap_or(i128::MAX)
}
