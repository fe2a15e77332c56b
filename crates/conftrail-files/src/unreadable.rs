//! What exists and cannot be read: told once when it begins, and once when it ends.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use conftrail_core::capture::{Draft, Payload};
use conftrail_core::{
    Action, Actor, Authority, Binding, Event, Map, Origin, Reason, Resource, ResourceKind, StateChange,
    Timestamp, Value, diff,
};

/// What the keys of these entries in the checkpoint's state begin with; a file's key never begins with a slash.
const KEY: &str = "/unreadable/";
/// The name of the watched directory itself.
const ROOT: &str = ".";

/// The paths that one look found at fault, and those it can say nothing of. All of them masked.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Why each path that exists could not be read.
    failing: BTreeMap<String, String>,
    /// Paths that were in motion or that vanished under the look.
    unclear: BTreeSet<String>,
}

impl Faults {
    /// Notes a path that exists and cannot be read; the empty path is the watched directory.
    pub(crate) fn fails(&mut self, path: &str, why: &io::Error) {
        self.failing.insert(path.to_owned(), why.to_string());
    }

    /// Notes a path of which the next look must tell.
    pub(crate) fn is_unclear(&mut self, path: &str) {
        self.unclear.insert(path.to_owned());
    }
}

/// How a path stands that could not be read before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Now {
    /// It is there and nothing is wrong with it.
    Readable,
    /// It is not there any more, or the configuration does not ask for it any more.
    Gone,
    /// It lies below what cannot be read.
    Hidden,
}

/// The paths that could not be read at the last look.
#[derive(Debug, Default)]
pub(crate) struct Unreadable {
    troubles: BTreeMap<String, Trouble>,
}

/// What a look made of the troubles.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Each event with the state it leaves.
    pub(crate) events: Vec<(Arc<Event>, StateChange)>,
    /// State that changed without an event.
    pub(crate) noted: Vec<StateChange>,
}

/// A path that cannot be read. Beginning and end are noted at one look and told at the next: a fault of a moment is
/// none, and an event that is found again after a crash is the same event.
#[derive(Clone, Debug, PartialEq)]
struct Trouble {
    /// The slot of the look that found it.
    since: Timestamp,
    /// What the system said.
    error: String,
    is_told: bool,
    /// The slot of the look that found it ended.
    until: Option<Timestamp>,
}

impl Unreadable {
    /// Takes an entry of the checkpoint's state; none when the entry is a file's, an error when it is broken.
    pub(crate) fn restore(&mut self, key: &str, value: &Value) -> Option<Result<(), ()>> {
        let path = key.strip_prefix(KEY)?;
        let Some(trouble) = Trouble::of_value(value) else { return Some(Err(())) };
        self.troubles.insert(path.to_owned(), trouble);
        Some(Ok(()))
    }

    /// Returns how many paths are told to be unreadable now.
    pub(crate) fn count(&self) -> u64 {
        self.troubles.values().filter(|trouble| trouble.is_told && trouble.until.is_none()).count() as u64
    }

    /// Says whether a path, or a directory above it, could not be read until now: what is found there is seen for the
    /// first time and nobody created it just now.
    pub(crate) fn hid(&self, path: &str) -> bool {
        let above = path.match_indices('/').filter_map(|(end, _)| path.get(..end));
        above.chain(["", path]).any(|path| self.troubles.contains_key(path))
    }

    /// Moves on with what a look at `at`, in the slot `slot`, found; `stands` says how a path is that did not fail.
    pub(crate) fn look(
        &mut self,
        origin: &Origin,
        faults: &Faults,
        at: Timestamp,
        slot: Timestamp,
        stands: impl Fn(&str) -> Now,
    ) -> Told {
        let mut told = Told::default();
        for (path, error) in &faults.failing {
            let Some(trouble) = self.troubles.get_mut(path) else {
                let trouble = Trouble { since: slot, error: error.clone(), is_told: false, until: None };
                told.noted.push(trouble.state(path));
                self.troubles.insert(path.clone(), trouble);
                continue;
            };
            if !trouble.is_told {
                trouble.is_told = true;
                tracing::warn!(source = %origin.name, path, error = %trouble.error, "path cannot be read");
                told.events.push((event(origin, path, trouble, None, at), trouble.state(path)));
            } else if trouble.until.take().is_some() {
                told.noted.push(trouble.state(path));
            }
        }
        self.troubles.retain(|path, trouble| {
            if faults.failing.contains_key(path) || faults.unclear.contains(path) {
                return true;
            }
            let now = stands(path);
            if now == Now::Hidden {
                return true;
            }
            let removal = StateChange { key: key(path), value: None };
            match (trouble.is_told, trouble.until) {
                (false, _) => {
                    told.noted.push(removal);
                    false
                }
                (true, None) => {
                    trouble.until = Some(slot);
                    told.noted.push(trouble.state(path));
                    true
                }
                (true, Some(until)) => {
                    tracing::info!(source = %origin.name, path, now = ?now, "path is not unreadable any more");
                    told.events.push((event(origin, path, trouble, Some((until, now)), at), removal));
                    false
                }
            }
        });
        told
    }
}

impl Trouble {
    fn state(&self, path: &str) -> StateChange {
        let mut map = Map::default();
        map.insert("since", self.since.micros());
        map.insert("error", self.error.as_str());
        map.insert("told", self.is_told);
        if let Some(until) = self.until {
            map.insert("until", until.micros());
        }
        StateChange { key: key(path), value: Some(Value::Map(map)) }
    }

    fn of_value(value: &Value) -> Option<Self> {
        let map = value.as_map()?;
        let moment = |name: &str| match map.get(name) {
            Some(Value::Int(micros)) => Some(Timestamp::from_micros(*micros)),
            _ => None,
        };
        Some(Self {
            since: moment("since")?,
            error: map.get("error")?.as_text()?.to_owned(),
            is_told: map.get("told") == Some(&Value::Bool(true)),
            until: moment("until"),
        })
    }
}

fn key(path: &str) -> String {
    format!("{KEY}{path}")
}

/// Tells that a path cannot be read, or, with `end`, that this is over.
fn event(
    origin: &Origin,
    path: &str,
    trouble: &Trouble,
    end: Option<(Timestamp, Now)>,
    observed: Timestamp,
) -> Arc<Event> {
    let path = if path.is_empty() { ROOT } else { path };
    let unreadable = side(path, "unreadable", Some(&trouble.error));
    let (time, word, before, after, message) = match end {
        None => {
            (trouble.since, "begin", None, unreadable, format!("{path} cannot be read: {}", trouble.error))
        }
        Some((until, Now::Gone)) => {
            let message = format!(
                "{path} could not be read since {} and is not there any more, or not asked for",
                trouble.since
            );
            (until, "end", Some(unreadable), side(path, "gone", None), message)
        }
        Some((until, Now::Readable | Now::Hidden)) => {
            let message = format!("{path} can be read again; it could not since {}", trouble.since);
            (until, "end", Some(unreadable), side(path, "ok", None), message)
        }
    };
    let identity = ["unreadable", path, &trouble.since.micros().to_string(), word].join("\n");
    let mut draft = Draft::new(origin.clone(), time, observed, identity.into(), 0);
    draft.actor = Actor {
        name: Some("conftrail".into()),
        binding: Binding::Exact,
        authority: Authority::Claimed,
        via: Some("process".into()),
        ..Actor::default()
    }
    .into();
    draft.reason = Some(Reason { message: Some(message.into()), ..Reason::default() });
    let payload = Payload {
        format: Some("row".into()),
        changes: diff::rows(before.as_ref(), Some(&after)).changes,
        before: before.map(Value::Map),
        after: Some(Value::Map(after)),
        ..Payload::default()
    };
    // Parts of a name are joined by a slash, which stands in no file's name: no file has this id.
    let name = format!("path/{path}");
    let resource =
        Resource::new(&origin.kind, &origin.name, ResourceKind::Health, None, Some("health"), &name);
    draft.finish(Action::Update, resource, payload)
}

fn side(path: &str, state: &str, error: Option<&str>) -> Map {
    let mut map = Map::default();
    map.insert("state", state);
    map.insert("path", path);
    if let Some(error) = error {
        map.insert("error", error);
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        let part = |text: &str| Arc::from(text);
        Origin { kind: part("files"), name: part("etc"), channel: part("files"), version: None }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros((1_800_000_000 + second) * 1_000_000)
    }

    /// Looks once in second `second`, with these paths failing, and returns the states that were told.
    fn look(unreadable: &mut Unreadable, second: i64, failing: &[&str], now: Now) -> Vec<String> {
        let mut faults = Faults::default();
        for path in failing {
            faults.fails(path, &io::Error::from(io::ErrorKind::PermissionDenied));
        }
        let told = unreadable.look(&origin(), &faults, at(second), at(second), |_| now);
        let state = |(event, _): &(Arc<Event>, StateChange)| {
            let after = event.after.as_ref().and_then(Value::as_map).and_then(|after| after.get("state"));
            format!("{} {}", event.resource.name, after.map(Value::display).unwrap_or_default())
        };
        told.events.iter().map(state).collect()
    }

    #[test]
    fn a_fault_is_told_once_and_so_is_its_end() {
        let mut unreadable = Unreadable::default();
        assert_eq!(look(&mut unreadable, 0, &["a"], Now::Readable), [""; 0]);
        assert_eq!(look(&mut unreadable, 1, &["a"], Now::Readable), ["path/a unreadable"]);
        assert_eq!((look(&mut unreadable, 2, &["a"], Now::Readable).len(), unreadable.count()), (0, 1));
        assert_eq!((look(&mut unreadable, 3, &[], Now::Readable).len(), unreadable.count()), (0, 0));
        assert_eq!(look(&mut unreadable, 4, &[], Now::Readable), ["path/a ok"]);
        assert!(unreadable.troubles.is_empty());
    }

    #[test]
    fn a_fault_of_a_moment_is_none_and_a_recovery_of_a_moment_ends_nothing() {
        let mut unreadable = Unreadable::default();
        look(&mut unreadable, 0, &[""], Now::Readable);
        assert_eq!(look(&mut unreadable, 1, &[], Now::Readable), [""; 0]);
        look(&mut unreadable, 2, &[""], Now::Readable);
        assert_eq!(look(&mut unreadable, 3, &[""], Now::Readable), ["path/. unreadable"]);
        look(&mut unreadable, 4, &[], Now::Readable);
        assert_eq!((look(&mut unreadable, 5, &[""], Now::Readable).len(), unreadable.count()), (0, 1));
    }

    #[test]
    fn what_is_hidden_has_not_ended_and_what_is_gone_is_not_called_readable() {
        let mut unreadable = Unreadable::default();
        look(&mut unreadable, 0, &["d/a"], Now::Readable);
        look(&mut unreadable, 1, &["d/a"], Now::Readable);
        for second in 2..5 {
            look(&mut unreadable, second, &["d"], Now::Hidden);
        }
        assert_eq!(unreadable.count(), 2);
        look(&mut unreadable, 5, &[], Now::Gone);
        assert_eq!(look(&mut unreadable, 6, &[], Now::Gone), ["path/d gone", "path/d/a gone"]);
    }

    #[test]
    fn what_was_told_is_not_told_again_after_a_restart_and_ids_stay() {
        let mut unreadable = Unreadable::default();
        look(&mut unreadable, 0, &["a"], Now::Readable);
        let noted = unreadable.troubles["a"].clone();
        let id = |unreadable: &mut Unreadable, second| {
            let mut faults = Faults::default();
            faults.fails("a", &io::Error::from(io::ErrorKind::PermissionDenied));
            unreadable.look(&origin(), &faults, at(second), at(second), |_| Now::Readable).events[0].0.id
        };
        let first = id(&mut unreadable, 1);
        // The note was saved and the event was not: whoever goes on tells the same event.
        let mut again = Unreadable::default();
        let StateChange { key, value } = noted.state("a");
        assert_eq!(again.restore(&key, &value.unwrap()), Some(Ok(())));
        assert_eq!(id(&mut again, 7), first);
        let StateChange { key, value } = again.troubles["a"].state("a");
        let mut restarted = Unreadable::default();
        restarted.restore(&key, &value.unwrap());
        assert_eq!((look(&mut restarted, 9, &["a"], Now::Readable).len(), restarted.count()), (0, 1));
        assert_eq!(restarted.restore("a", &Value::Null), None);
        assert_eq!(restarted.restore(&key, &Value::Null), Some(Err(())));
    }

    #[test]
    fn what_is_found_where_nothing_could_be_read_was_hidden() {
        let mut unreadable = Unreadable::default();
        look(&mut unreadable, 0, &["d/e"], Now::Readable);
        assert!(unreadable.hid("d/e") && unreadable.hid("d/e/f/a.yaml"));
        assert!(!unreadable.hid("d/a.yaml") && !unreadable.hid("d/ea.yaml"));
        look(&mut unreadable, 1, &["d/e", ""], Now::Readable);
        assert!(unreadable.hid("x.yaml"));
    }
}
