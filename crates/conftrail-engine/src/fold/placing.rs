//! Which groups a detection is in: one of each route that its labels take.

use std::borrow::Cow;

use conftrail_core::Timestamp;
use conftrail_core::alerting::{Detection, GroupKey, Labels, derived_id};

use super::silences::Silences;
use crate::routing::{GroupBy, OnMute, Route, Routes};
use crate::rules::BUILT_IN;

/// The name under which what was detected late is told.
pub(super) const LATE_CHANGES: &str = "late-changes";
/// What tells that a message could not be delivered.
const DEAD_LETTER: &str = "dead-letter";

/// A group that a detection is in.
pub(super) struct Placement<'r> {
    pub(super) key: GroupKey,
    pub(super) route: &'r Route,
    /// The silence that keeps it from being told.
    pub(super) silence: Option<String>,
}

/// Returns the groups that a detection is in, at least one.
pub(super) fn placements<'r>(
    routes: &'r Routes,
    detection: &Detection,
    silences: &Silences,
    now: Timestamp,
) -> Vec<Placement<'r>> {
    let labels = routed_labels(detection);
    let silence = silences.matching(&labels);
    let placement = |route: &'r Route| {
        let key = match silence {
            // What is silenced gathers apart from what is not, so that each is counted by itself.
            Some(id) => GroupKey(derived_id(&["silenced", id, &key(route, detection).0])),
            None if goes_into_digest(routes, route, detection, now) => {
                GroupKey(derived_id(&["digest", &route.id]))
            }
            None => key(route, detection),
        };
        Placement { key, route, silence: silence.map(str::to_owned) }
    };
    routes.matching(&labels).into_iter().map(placement).collect()
}

/// Returns the labels that routes and silences look at. What was detected late is told by source whichever rules found
/// it, and pages nobody by its severity.
fn routed_labels(detection: &Detection) -> Cow<'_, Labels> {
    if detection.late { Cow::Owned(late_labels(detection)) } else { Cow::Borrowed(&detection.labels) }
}

/// Returns the labels of the group of a source's late detections.
pub(super) fn late_labels(detection: &Detection) -> Labels {
    Labels::from([
        ("alertname".to_owned(), LATE_CHANGES.to_owned()),
        ("source_name".to_owned(), detection.evidence.source.name.to_string()),
    ])
}

/// The key of a detection's group in a route. The root route, by all labels, has the keys of before there were routes.
fn key(route: &Route, detection: &Detection) -> GroupKey {
    let is_root = route.id.is_empty();
    let source = &*detection.evidence.source.name;
    match &route.group_by {
        _ if detection.late && is_root => GroupKey::late(source),
        _ if detection.late => GroupKey(derived_id(&["late", &route.id, source])),
        GroupBy::Labels(names) if !stands_alone(detection) => by_labels(route, names, detection),
        _ if is_root => GroupKey::of(&detection.rule, &detection.labels),
        _ => GroupKey(derived_id(&["all", &route.id, &GroupKey::of(&detection.rule, &detection.labels).0])),
    }
}

/// Derives a key of the labels that are there; in which order the file names them means nothing.
fn by_labels(route: &Route, names: &[String], detection: &Detection) -> GroupKey {
    let mut present: Vec<(&str, &str)> =
        names.iter().filter_map(|name| Some((name.as_str(), detection.labels.get(name)?.as_str()))).collect();
    present.sort_unstable();
    let mut parts = vec!["group", route.id.as_str()];
    parts.extend(present.iter().flat_map(|(name, value)| [*name, *value]));
    GroupKey(derived_id(&parts))
}

/// A dead letter is never told together with others: a message about it that dies makes no dead letter again, and that
/// is known by its rule.
fn stands_alone(detection: &Detection) -> bool {
    detection.rule.set == BUILT_IN && detection.rule.id == DEAD_LETTER
}

/// Says whether a detection goes into the one message that a muted route is told at the mute's end.
fn goes_into_digest(routes: &Routes, route: &Route, detection: &Detection, now: Timestamp) -> bool {
    let may = route.on_mute == OnMute::Digest && !detection.late && !stands_alone(detection);
    may && routes.muted(route, now.plus(route.timing.group_wait.0)).is_some()
}
