//! A control store in memory, as far as folding needs one, on a clock that the test moves.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use conftrail_core::alerting::{
    Alert, AlertGroup, AlertState, Detection, EndedSilence, Fate, GroupKey, HeldBack, HeldBackSum,
    LabelMatcher, Labels, Notification, NotificationState, SHOWN_DETECTIONS, Severity, Silence, Transition,
    Workload, derived_id,
};
use conftrail_core::ports::Grouping as _;
use conftrail_core::{EventId, Timestamp};
use conftrail_engine::{Folder, Language, Routing, RuleSet, Target};

use crate::{event, load};

/// Rules whose findings the tests make by hand.
const RULES: &str = r#"
version: 1
name: p
rules:
  - id: limit
    match: 'path:limit'
    group_by: [resource.id]
    annotations: { summary: "{{total}} of {{labels.resource_id}}" }
  - { id: other, match: 'path:limit' }
"#;

/// What a fold reads and writes.
pub(crate) struct World {
    pub(crate) folder: Folder,
    pub(crate) now: Timestamp,
    open: Vec<Detection>,
    alerts: BTreeMap<String, Alert>,
    /// What each alert shows, in the order it was found.
    shown: BTreeMap<String, Vec<Detection>>,
    pub(crate) fates: BTreeMap<String, Fate>,
    pub(crate) told: Vec<Notification>,
    pub(crate) silences: Vec<Silence>,
    ended: HashSet<String>,
    held_back: BTreeMap<String, HeldBack>,
    found: u64,
}

impl World {
    /// A world at a moment, with a routing file; every receiver has one integration, `nobody` none.
    pub(crate) fn at(now: &str, routing: &str) -> Self {
        Self {
            folder: folder(routing),
            now: crate::time(now),
            open: Vec::new(),
            alerts: BTreeMap::new(),
            shown: BTreeMap::new(),
            fates: BTreeMap::new(),
            told: Vec::new(),
            silences: Vec::new(),
            ended: HashSet::new(),
            held_back: BTreeMap::new(),
            found: 0,
        }
    }

    /// Finds something now, of rule `limit` or `other`.
    pub(crate) fn find(&mut self, rule: &str, labels: &[(&str, &str)]) -> &mut Detection {
        self.found += 1;
        let base = event("limit");
        let of_rule = rules().detect(&base, base.time).into_iter().find(|one| one.rule.id == rule);
        let mut found = of_rule.expect("a rule of this file");
        found.id = derived_id(&["found", &self.found.to_string()]);
        found.evidence.event = EventId::derive(self.now, "orders-db", "x", self.found);
        found.detected = self.now;
        for (name, value) in labels {
            found.labels.insert((*name).to_owned(), (*value).to_owned());
        }
        if let Some(severity) = found.labels.get("severity") {
            found.severity = severity_of(severity);
        }
        self.open.push(found);
        self.open.last_mut().expect("it was just put there")
    }

    /// Folds until nothing changes any more, as the worker does; returns what is told or suppressed by it.
    pub(crate) fn fold(&mut self) -> Vec<Notification> {
        let before = self.told.len();
        loop {
            let workload = self.workload();
            let again = (workload.open.len() < 100).then(|| self.folder.fold(workload.clone(), self.now));
            let transition = self.folder.fold(workload, self.now);
            if let Some(again) = again {
                let same = "a fold is a function of what it reads";
                assert_eq!(format!("{transition:?}"), format!("{again:?}"), "{same}");
            }
            if transition.is_empty() {
                return self.told[before..].to_vec();
            }
            self.apply(transition);
        }
    }

    /// Moves the clock and folds.
    pub(crate) fn pass(&mut self, seconds: u64) -> Vec<Notification> {
        self.now = self.now.plus(Duration::from_secs(seconds));
        self.fold()
    }

    /// Moves the clock to a time and folds.
    pub(crate) fn until(&mut self, time: &str) -> Vec<Notification> {
        self.now = crate::time(time);
        self.fold()
    }

    /// Silences `label="value"` from now for so many seconds.
    pub(crate) fn silence(&mut self, name: &str, value: &str, seconds: u64) -> String {
        let id = derived_id(&["silence", &self.silences.len().to_string()]);
        self.silences.push(Silence {
            id: id.clone(),
            matchers: vec![LabelMatcher {
                name: name.to_owned(),
                value: value.to_owned(),
                is_regex: false,
                is_equal: true,
            }],
            starts: self.now,
            ends: self.now.plus(Duration::from_secs(seconds)),
            created_by: "alice".to_owned(),
            comment: "maintenance".to_owned(),
            created: self.now,
        });
        id
    }

    /// The alerts that are not told yet.
    pub(crate) fn gathering(&self) -> Vec<&Alert> {
        self.alerts.values().filter(|alert| matches!(alert.state, AlertState::Collecting { .. })).collect()
    }

    fn workload(&self) -> Workload {
        let silences: Vec<Silence> = (self.silences.iter())
            .filter(|silence| silence.starts <= self.now && silence.ends > self.now)
            .cloned()
            .collect();
        let holds = |id: &String| silences.iter().any(|silence| silence.id == *id);
        let is_told = |alert: &Alert| {
            let due = matches!(alert.state, AlertState::Collecting { flush_at } if flush_at <= self.now);
            due || alert.silence.as_ref().is_some_and(|id| !holds(id))
        };
        let mut keys = self.folder.groups(&self.open, &silences, self.now);
        keys.extend(self.gathering().iter().filter(|alert| is_told(alert)).map(|alert| alert.group.clone()));
        keys.sort();
        keys.dedup();
        let group = |key: &GroupKey| {
            let of_group = || self.alerts.values().filter(|alert| alert.group == *key);
            let collecting = of_group().find(|alert| matches!(alert.state, AlertState::Collecting { .. }));
            let last_announced = of_group().filter_map(|alert| match alert.state {
                AlertState::Announced { at } => Some(at),
                AlertState::Collecting { .. } => None,
            });
            AlertGroup {
                key: key.clone(),
                collecting: collecting.map(|alert| {
                    let shown = self.shown.get(&alert.id).cloned().unwrap_or_default();
                    (alert.clone(), if is_told(alert) { shown } else { Vec::new() })
                }),
                last_announced: last_announced.max(),
            }
        };
        Workload {
            open: self.open.clone(),
            groups: keys.iter().map(group).collect(),
            next_flush: None,
            ended: self.ended(),
            silences,
        }
    }

    fn ended(&self) -> Vec<EndedSilence> {
        let gathers = |id: &str| self.gathering().iter().any(|alert| alert.silence.as_deref() == Some(id));
        let is_due = |silence: &&Silence| {
            silence.ends <= self.now && !self.ended.contains(&silence.id) && !gathers(&silence.id)
        };
        let sums = |silence: &Silence| {
            let mut sums: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
            for held in self.held_back.values().filter(|held| held.silence == silence.id) {
                let sum = sums.entry((held.receiver.clone(), held.integration.clone())).or_default();
                *sum = (sum.0 + 1, sum.1 + held.findings);
            }
            let sum = |((receiver, integration), (announcements, findings))| HeldBackSum {
                receiver,
                integration,
                announcements,
                findings,
            };
            EndedSilence { silence: silence.clone(), held_back: sums.into_iter().map(sum).collect() }
        };
        self.silences.iter().filter(is_due).map(sums).collect()
    }

    fn apply(&mut self, transition: Transition) {
        for (id, fate) in &transition.fates {
            let at = self.open.iter().position(|open| open.id == *id).expect("only what is open has a fate");
            let detection = self.open.remove(at);
            if let Fate::Announced { alert } = fate {
                self.show(alert, detection.clone());
            }
            for share in transition.shares.iter().filter(|share| share.detection == *id && share.shown) {
                self.show(&share.alert, detection.clone());
            }
            self.fates.insert(id.clone(), fate.clone());
        }
        for alert in transition.alerts {
            self.alerts.insert(alert.id.clone(), alert);
        }
        for held in transition.held_back {
            self.held_back.insert(held.notification.clone(), held);
        }
        self.ended.extend(transition.told_silences);
        for told in transition.notifications {
            assert!(self.told.iter().all(|known| known.id != told.id), "each notification is made once");
            self.told.push(told);
        }
    }

    fn show(&mut self, alert: &str, detection: Detection) {
        let shown = self.shown.entry(alert.to_owned()).or_default();
        shown.push(detection);
        assert!(shown.len() <= SHOWN_DETECTIONS, "no more are kept than are shown");
    }
}

fn rules() -> Arc<RuleSet> {
    load(RULES)
}

/// A folder by the routes of a file.
pub(crate) fn folder(routing: &str) -> Folder {
    let routing = Routing::load("routing.yaml", routing).unwrap_or_else(|error| panic!("{error}"));
    let with_one = routing.receivers.iter().filter(|receiver| receiver.name != "nobody");
    let targets = with_one
        .map(|receiver| Target { receiver: receiver.name.clone(), integration: "email/0".to_owned() })
        .collect();
    Folder::routed(rules(), routing.routes, targets, Language::English)
}

fn severity_of(word: &str) -> Severity {
    [Severity::Info, Severity::Warning, Severity::High, Severity::Critical]
        .into_iter()
        .find(|severity| severity.as_str() == word)
        .expect("a severity")
}

/// What a notification says in short: receiver, state, how many, summary.
pub(crate) fn short(told: &[Notification]) -> Vec<String> {
    let one = |one: &Notification| {
        let state = match one.state {
            NotificationState::Queued => String::new(),
            _ => format!(" [{}]", one.last_error.as_deref().unwrap_or_default()),
        };
        format!("{}{state}: {} | {}", one.receiver, one.announcement.total, one.announcement.summary)
    };
    let mut all: Vec<String> = told.iter().map(one).collect();
    all.sort();
    all
}

/// The labels of the announcement.
pub(crate) fn labels(told: &Notification) -> &Labels {
    &told.announcement.labels
}
