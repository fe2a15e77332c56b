//! What gathers in one group.

use conftrail_core::Timestamp;
use conftrail_core::alerting::{
    Alert, AlertGroup, AlertState, COUNTED_RULES, Detection, RuleRef, SHOWN_DETECTIONS, derived_id,
};

use super::placing::{LATE_CHANGES, Placement, late_labels};
use crate::rules::BUILT_IN;

/// The label that tells how much the worst of a group matters.
const SEVERITY: &str = "severity";

/// What a fold knows of one group.
#[derive(Default)]
pub(super) struct Gathering {
    pub(super) alert: Option<Alert>,
    /// What the alert shows, when it is to be told now.
    pub(super) shown: Vec<Detection>,
    last_announced: Option<Timestamp>,
    pub(super) changed: bool,
}

impl Gathering {
    pub(super) fn of(group: AlertGroup) -> Self {
        let (alert, shown) = group.collecting.unzip();
        Self { alert, shown: shown.unwrap_or_default(), last_announced: group.last_announced, changed: false }
    }

    /// Takes a detection into the group's alert, which it may open; returns the alert's id and whether it shows it.
    pub(super) fn take(
        &mut self,
        placement: &Placement<'_>,
        detection: &Detection,
        now: Timestamp,
    ) -> (String, bool) {
        self.changed = true;
        let last_announced = self.last_announced;
        let alert = self.alert.get_or_insert_with(|| opened(placement, detection, last_announced, now));
        count(alert, detection);
        let shown = alert.detections <= SHOWN_DETECTIONS as u64;
        let id = alert.id.clone();
        if shown {
            self.shown.push(detection.clone());
        }
        (id, shown)
    }
}

/// Counts a detection into an alert, and keeps of the labels what all have.
fn count(alert: &mut Alert, detection: &Detection) {
    if !detection.late {
        count_rule(alert, detection);
        alert.labels.retain(|name, value| name == SEVERITY || detection.labels.get(name) == Some(value));
    }
    alert.detections += 1;
    if detection.severity > alert.severity {
        alert.severity = detection.severity;
        alert.labels.insert(SEVERITY.to_owned(), detection.severity.as_str().to_owned());
        if !detection.late {
            alert.rule = detection.rule.clone();
        }
    }
}

/// Counts by rule as soon as there are several.
fn count_rule(alert: &mut Alert, detection: &Detection) {
    let is_same = alert.rule.set == detection.rule.set && alert.rule.id == detection.rule.id;
    if alert.rules.is_empty() {
        if is_same {
            return;
        }
        alert.rules.insert(alert.rule.name(), alert.detections);
    }
    let name = detection.rule.name();
    if alert.rules.len() < COUNTED_RULES || alert.rules.contains_key(&name) {
        *alert.rules.entry(name).or_default() += 1;
    }
}

/// Opens an alert. A new group waits for `group_wait`, so that one operation's changes become one message; a group
/// that was told of a moment ago waits until `group_interval` has passed.
fn opened(
    placement: &Placement<'_>,
    first: &Detection,
    last_announced: Option<Timestamp>,
    now: Timestamp,
) -> Alert {
    let timing = &placement.route.timing;
    let gathered = now.plus(timing.group_wait.0);
    let flush_at = last_announced.map_or(gathered, |last| gathered.max(last.plus(timing.group_interval.0)));
    let (rule, labels) = if first.late {
        let mut labels = late_labels(first);
        labels.insert(SEVERITY.to_owned(), first.severity.as_str().to_owned());
        (RuleRef { set: BUILT_IN.to_owned(), id: LATE_CHANGES.to_owned(), revision: String::new() }, labels)
    } else {
        (first.rule.clone(), first.labels.clone())
    };
    Alert {
        id: derived_id(&["alert", &placement.key.0, &first.id]),
        group: placement.key.clone(),
        rule,
        severity: first.severity,
        labels,
        state: AlertState::Collecting { flush_at },
        opened: now,
        detections: 0,
        summary: None,
        route: Some(placement.route.id.clone()),
        receiver: Some(placement.route.receiver.clone()),
        rules: Default::default(),
        held: None,
        silence: placement.silence.clone(),
    }
}
