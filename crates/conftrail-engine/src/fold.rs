//! Folds detections into alerts, and alerts that are due into notifications.
//!
//! Alerts of event rules are occurrences: they gather, are told once, and never resolve. What comes later in the
//! same group makes a further alert of the group, in the same thread of mail.

use std::collections::HashMap;
use std::sync::Arc;

use conftrail_core::Timestamp;
use conftrail_core::alerting::{
    Alert, AlertGroup, AlertState, Announcement, Detection, Fate, GroupKey, Labels, Notification,
    NotificationState, RuleRef, SHOWN_DETECTIONS, Transition, Verdict, Workload, derived_id,
};

use crate::announce::announcement;
use crate::rules::{BUILT_IN, RuleSet};
use crate::timing::Timing;
use crate::words::Language;

/// The name under which what was detected late is told.
const LATE_CHANGES: &str = "late-changes";

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
    targets: Vec<Target>,
    timing: Timing,
    language: Language,
}

/// What a fold knows of one group.
#[derive(Default)]
struct Gathering {
    alert: Option<Alert>,
    shown: Vec<Detection>,
    last_announced: Option<Timestamp>,
    changed: bool,
}

impl Folder {
    /// Makes a folder that tells every target everything.
    pub fn new(rules: Arc<RuleSet>, targets: Vec<Target>, timing: Timing, language: Language) -> Self {
        Self { rules, targets, timing, language }
    }

    /// Folds: every open detection gets its fate, and every alert that is due at `now` its notifications.
    ///
    /// A function of its arguments alone, with derived ids, so that a fold that is repeated after a crash has the
    /// same effect as once.
    pub fn fold(&self, workload: Workload, now: Timestamp) -> Transition {
        let mut transition = Transition::default();
        let mut groups: Vec<(GroupKey, Gathering)> = Vec::new();
        let mut places: HashMap<GroupKey, usize> = HashMap::new();
        for group in workload.groups {
            places.insert(group.key.clone(), groups.len());
            groups.push((group.key.clone(), Gathering::of(group)));
        }
        for detection in workload.open {
            if let Some(reason) = silent(&detection.verdict) {
                transition.fates.push((detection.id, Fate::NoAlert { reason }));
                continue;
            }
            let key = detection.group();
            let place = *places.entry(key.clone()).or_insert_with(|| {
                groups.push((key, Gathering::default()));
                groups.len() - 1
            });
            if let Some((key, gathering)) = groups.get_mut(place) {
                let id = detection.id.clone();
                transition.fates.push((id, gathering.take(key, detection, &self.timing, now)));
            }
        }
        for (_, gathering) in groups {
            self.finish(gathering, now, &mut transition);
        }
        transition
    }

    /// Announces the group's alert if it is due.
    fn finish(&self, gathering: Gathering, now: Timestamp, transition: &mut Transition) {
        let Some(mut alert) = gathering.alert else { return };
        let due = matches!(alert.state, AlertState::Collecting { flush_at } if flush_at <= now);
        if due {
            let announcement = announcement(&self.rules, &alert, &gathering.shown, self.language);
            alert.state = AlertState::Announced { at: now };
            alert.summary = Some(announcement.summary.clone());
            transition.notifications.extend(self.notifications(&announcement, now));
        }
        if due || gathering.changed {
            transition.alerts.push(alert);
        }
    }

    fn notifications(&self, announcement: &Announcement, now: Timestamp) -> Vec<Notification> {
        if self.targets.is_empty() {
            let nobody = Target { receiver: "none".to_owned(), integration: "none".to_owned() };
            let mut notification = notification(announcement, &nobody, now);
            notification.state = NotificationState::Suppressed;
            notification.last_error = Some("no receiver is configured".to_owned());
            return vec![notification];
        }
        self.targets.iter().map(|target| notification(announcement, target, now)).collect()
    }
}

impl Gathering {
    fn of(group: AlertGroup) -> Self {
        let (alert, shown) = group.collecting.unzip();
        Self { alert, shown: shown.unwrap_or_default(), last_announced: group.last_announced, changed: false }
    }

    /// Takes a detection into the group's alert, which it may open, and returns its fate.
    fn take(&mut self, key: &GroupKey, detection: Detection, timing: &Timing, now: Timestamp) -> Fate {
        self.changed = true;
        let last_announced = self.last_announced;
        let alert = self.alert.get_or_insert_with(|| opened(key, &detection, last_announced, timing, now));
        alert.detections += 1;
        if detection.severity > alert.severity {
            alert.severity = detection.severity;
            alert.labels.insert("severity".to_owned(), detection.severity.as_str().to_owned());
        }
        let id = alert.id.clone();
        if self.shown.len() < SHOWN_DETECTIONS {
            self.shown.push(detection);
            Fate::Announced { alert: id }
        } else {
            Fate::Counted { alert: id }
        }
    }
}

/// Opens an alert. A new group waits for `group_wait`, so that one operation's changes become one message; a group
/// that was told of a moment ago waits until `group_interval` has passed.
fn opened(
    group: &GroupKey,
    first: &Detection,
    last_announced: Option<Timestamp>,
    timing: &Timing,
    now: Timestamp,
) -> Alert {
    let gathered = now.plus(timing.group_wait.0);
    let flush_at = last_announced.map_or(gathered, |last| gathered.max(last.plus(timing.group_interval.0)));
    let (rule, labels) =
        if first.late { late_identity(first) } else { (first.rule.clone(), first.labels.clone()) };
    Alert {
        id: derived_id(&["alert", &group.0, &first.id]),
        group: group.clone(),
        rule,
        severity: first.severity,
        labels,
        state: AlertState::Collecting { flush_at },
        opened: now,
        detections: 0,
        summary: None,
    }
}

/// What was detected late is told by source, whichever rules found it.
fn late_identity(detection: &Detection) -> (RuleRef, Labels) {
    let rule = RuleRef { set: BUILT_IN.to_owned(), id: LATE_CHANGES.to_owned(), revision: String::new() };
    let labels = Labels::from([
        ("alertname".to_owned(), LATE_CHANGES.to_owned()),
        ("severity".to_owned(), detection.severity.as_str().to_owned()),
        ("source_name".to_owned(), detection.evidence.source.name.to_string()),
    ]);
    (rule, labels)
}

/// Returns why a detection makes no alert.
fn silent(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Match | Verdict::RuleError { .. } => None,
        Verdict::Excepted { exception } => Some(format!("exception {exception}")),
        Verdict::Shadow => Some("shadow".to_owned()),
    }
}

fn notification(announcement: &Announcement, target: &Target, now: Timestamp) -> Notification {
    Notification {
        id: derived_id(&["notification", &announcement.alert, &target.receiver, &target.integration]),
        receiver: target.receiver.clone(),
        integration: target.integration.clone(),
        announcement: announcement.clone(),
        state: NotificationState::Queued,
        attempts: 0,
        possible_repeat: false,
        created: now,
        due: now,
        last_error: None,
    }
}
