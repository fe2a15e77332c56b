//! Folds detections into alerts, and alerts that are due into notifications.
//!
//! Alerts of event rules are occurrences: they gather, are told once, and never resolve. What comes later in the
//! same group makes a further alert of the group, in the same thread of mail. A detection is in one group of each route
//! that its labels take.

mod gathering;
mod placing;
mod silences;
mod telling;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use conftrail_core::Timestamp;
use conftrail_core::alerting::{
    AlertState, Detection, Fate, GroupKey, Share, Silence, Transition, Verdict, Workload,
};
use conftrail_core::ports::Grouping;

use crate::Timing;
use crate::routing::Routes;
use crate::rules::RuleSet;
use crate::words::Language;

use gathering::Gathering;
use silences::Silences;
use telling::Telling;

/// One integration of one receiver.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The receiver's name.
    pub receiver: String,
    /// The integration within it, such as `email/ops@example.com`.
    pub integration: String,
}

/// Turns open detections and what is known of their groups into alerts, fates and notifications.
#[derive(Clone, Debug)]
pub struct Folder {
    rules: Arc<RuleSet>,
    routes: Routes,
    /// By receiver.
    targets: BTreeMap<String, Vec<Target>>,
    language: Language,
}

impl Folder {
    /// Makes a folder that tells every target everything.
    pub fn new(rules: Arc<RuleSet>, targets: Vec<Target>, timing: Timing, language: Language) -> Self {
        let receiver = targets.first().map_or("none", |target| &target.receiver).to_owned();
        let routes = Routes::to(receiver.clone(), timing);
        Self { rules, routes, targets: BTreeMap::from([(receiver, targets)]), language }
    }

    /// Makes a folder that tells each route's receiver what takes that route.
    pub fn routed(rules: Arc<RuleSet>, routes: Routes, targets: Vec<Target>, language: Language) -> Self {
        let mut by_receiver: BTreeMap<String, Vec<Target>> = BTreeMap::new();
        for target in targets {
            by_receiver.entry(target.receiver.clone()).or_default().push(target);
        }
        Self { rules, routes, targets: by_receiver, language }
    }

    /// Folds: every open detection gets its fate, and every alert that is due at `now` its notifications.
    ///
    /// A function of its arguments alone, with derived ids, so that a fold that is repeated after a crash has the
    /// same effect as once.
    pub fn fold(&self, workload: Workload, now: Timestamp) -> Transition {
        let silences = Silences::of(&workload.silences);
        let mut transition = Transition::default();
        let mut groups: Vec<Gathering> = Vec::with_capacity(workload.groups.len());
        let mut places: HashMap<GroupKey, usize> = HashMap::new();
        for group in workload.groups {
            places.insert(group.key.clone(), groups.len());
            groups.push(Gathering::of(group));
        }
        for detection in workload.open {
            if let Some(reason) = silent(&detection.verdict) {
                transition.fates.push((detection.id, Fate::NoAlert { reason }));
                continue;
            }
            let mut is_first = true;
            for placement in placing::placements(&self.routes, &detection, &silences, now) {
                let place = *places.entry(placement.key.clone()).or_insert_with(|| {
                    groups.push(Gathering::default());
                    groups.len() - 1
                });
                let Some(gathering) = groups.get_mut(place) else { continue };
                let (alert, shown) = gathering.take(&placement, &detection, now);
                let id = detection.id.clone();
                match (is_first, shown) {
                    (true, true) => transition.fates.push((id, Fate::Announced { alert })),
                    (true, false) => transition.fates.push((id, Fate::Counted { alert })),
                    (false, shown) => transition.shares.push(Share { detection: id, alert, shown }),
                }
                is_first = false;
            }
        }
        let mut telling = Telling::new(self, &silences, now, transition);
        for gathering in groups {
            telling.finish(gathering);
        }
        let mut transition = telling.transition;
        for ended in &workload.ended {
            silences::tell_end(ended, self.language, now, &mut transition);
        }
        transition
    }
}

impl Grouping for Folder {
    fn groups(&self, open: &[Detection], silences: &[Silence], now: Timestamp) -> Vec<GroupKey> {
        let silences = Silences::of(silences);
        let told = open.iter().filter(|detection| silent(&detection.verdict).is_none());
        told.flat_map(|detection| placing::placements(&self.routes, detection, &silences, now))
            .map(|placement| placement.key)
            .collect()
    }
}

/// Returns why a detection makes no alert.
fn silent(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Match | Verdict::RuleError { .. } => None,
        Verdict::Excepted { exception } => Some(format!("exception {exception}")),
        Verdict::Shadow => Some("shadow".to_owned()),
    }
}

/// Returns until when an alert gathers.
fn flush_at(state: &AlertState) -> Option<Timestamp> {
    match state {
        AlertState::Collecting { flush_at } => Some(*flush_at),
        AlertState::Announced { .. } => None,
    }
}
