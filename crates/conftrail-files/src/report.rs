//! From a difference to an event: who, when, why, and what changed.

use std::sync::Arc;

use conftrail_core::capture::{Draft, Payload};
use conftrail_core::diff::{self, MAX_CHANGES};
use conftrail_core::document::{Format, MaskedDocument};
use conftrail_core::mask::Masker;
use conftrail_core::{
    Action, Actor, Authority, Binding, Event, Map, Origin, Resource, ResourceKind, SmolStr, Timestamp, flag,
};

use crate::commit::Commit;
use crate::known::Known;
use crate::walk::Stat;

/// When the inode is this much younger than the content, the file was put in place with an older time.
const PUT_IN_PLACE_NS: i128 = 60 * 1_000_000_000;

/// A file that differs from what was recorded. Paths are masked like everything else.
pub(crate) struct Difference<'a> {
    pub(crate) path: &'a str,
    pub(crate) before: Option<&'a Known>,
    pub(crate) after: Option<After<'a>>,
    pub(crate) commit: Option<Commit>,
    /// When a file that is gone was first found so.
    pub(crate) slot: Timestamp,
    /// When this look began.
    pub(crate) observed: Timestamp,
}

/// A file's new content.
pub(crate) struct After<'a> {
    pub(crate) known: &'a Known,
    pub(crate) document: Option<&'a MaskedDocument>,
    pub(crate) format: Format,
    pub(crate) stat: Stat,
    pub(crate) owner: String,
}

/// Makes the event.
pub(crate) fn event(masker: &Masker, origin: &Origin, mut found: Difference<'_>) -> Arc<Event> {
    found.commit = found.commit.map(|commit| commit.masked(masker));
    let before_format =
        found.before.map(|known| Format::detect(found.path, known.text.as_deref().unwrap_or_default()));
    let before = found.before.zip(before_format).and_then(|(known, format)| known.document(format, masker));
    let after = found.after.as_ref().and_then(|after| after.document);
    let fingerprint =
        |known: Option<&Known>| known.and_then(|known| known.fingerprint.clone()).unwrap_or_default();
    let after_known = found.after.as_ref().map(|after| after.known);
    let (old, new) = (fingerprint(found.before), fingerprint(after_known));

    let (time, moment) = match &found.after {
        Some(after) => (changed_at(&after.stat), after.stat.mtime.to_string()),
        None => (found.slot, format!("gone {}", found.slot.micros())),
    };
    let identity = [found.path, &moment, &old, &new].join("\n");
    let mut draft = Draft::new(origin.clone(), time, found.observed, identity.into(), 0);
    if time > found.observed {
        draft.flags.push(flag::CLOCK_SUSPECT.into());
    }
    draft.actor = actor(&found).into();
    draft.position = Some(position(&found).into());
    draft.reason = found.commit.as_ref().map(Commit::reason);

    // A file that could not be read before is seen for the first time, not changed.
    let is_first_sight = found.before.is_some_and(|known| known.fingerprint.is_none());
    let action = match (found.before, &found.after) {
        (Some(_), None) => Action::Delete,
        (Some(_), Some(_)) if is_first_sight => Action::Snapshot,
        (Some(_), Some(_)) => Action::Update,
        (None, _) => Action::Create,
    };
    let sides = [found.before, after_known];
    let is_truncated = sides.into_iter().flatten().any(Known::is_too_big);
    let is_not_text = sides.into_iter().flatten().any(|known| known.not_text);
    if is_not_text {
        draft.flags.push(flag::NOT_TEXT.into());
    }
    let unparsed = after.or(before.as_ref()).is_some_and(|document| document.unparsed);
    if unparsed {
        draft.flags.push(flag::UNPARSED.into());
    }
    // With one side kept by its fingerprint alone there is nothing to compare with.
    let changes = if is_truncated || is_not_text || is_first_sight {
        diff::Changes::default()
    } else {
        diff::documents(before.as_ref(), after)
    };
    if changes.truncated {
        let mut detail = Map::default();
        detail.insert("changes_cut_at", MAX_CHANGES as u64);
        draft.detail = Some(detail);
    }
    let format = found.after.as_ref().map(|after| after.format).or(before_format).unwrap_or(Format::Text);
    let masked =
        [before.as_ref(), after].into_iter().flatten().flat_map(|document| document.masked.iter().cloned());
    let payload = Payload {
        format: Some(format.as_str().into()),
        masked: masked.collect(),
        before: found.before.and_then(|known| known.side(before.as_ref())),
        after: after_known.and_then(|known| known.side(after)),
        changes: changes.changes,
        truncated: is_truncated,
    };
    draft.finish(action, resource(origin, found.path), payload)
}

/// Names a file: its directory is the namespace.
fn resource(origin: &Origin, path: &str) -> Resource {
    let (directory, name) =
        path.rsplit_once('/').map_or((None, path), |(directory, name)| (Some(directory), name));
    Resource::new(&origin.kind, &origin.name, ResourceKind::File, directory, None, name)
}

/// Returns when the content came to stand in the file.
fn changed_at(stat: &Stat) -> Timestamp {
    let ns = if stat.ctime - stat.mtime > PUT_IN_PLACE_NS { stat.ctime } else { stat.mtime };
    Timestamp::from_micros(i64::try_from(ns.div_euclid(1000)).unwrap_or(i64::MAX))
}

/// A commit's author is a claim that belongs to exactly this content; a file's owner is a guess.
fn actor(found: &Difference<'_>) -> Actor {
    let owner = found.after.as_ref().map(|after| SmolStr::new(&after.owner));
    let Some(commit) = &found.commit else {
        let binding = if owner.is_some() { Binding::Heuristic } else { Binding::None };
        let via = owner.is_some().then(|| SmolStr::new_static("file-owner"));
        return Actor {
            name: owner.clone(),
            login: owner,
            binding,
            authority: Authority::None,
            via,
            ..Actor::default()
        };
    };
    Actor {
        name: Some(SmolStr::new(&commit.author)),
        login: owner,
        binding: Binding::Exact,
        authority: Authority::Claimed,
        via: Some("git".into()),
        ..Actor::default()
    }
}

fn position(found: &Difference<'_>) -> Map {
    let mut position = Map::default();
    position.insert("path", found.path);
    if let Some(after) = &found.after
        && let Ok(mtime) = i64::try_from(after.stat.mtime)
    {
        position.insert("mtime", mtime);
    }
    if let Some(commit) = &found.commit {
        position.insert("commit", commit.id.as_str());
        position.insert("mail", commit.mail.as_str());
    }
    position
}
