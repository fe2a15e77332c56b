//! Judges one event by every rule.

use conftrail_core::alerting::{Detection, Labels, Verdict, derived_id};
use conftrail_core::query::{EventView, matches};
use conftrail_core::{Event, Timestamp};

use crate::evidence::evidence;
use crate::rules::{GroupField, Mode, Rule, RuleSet};
use crate::shorten::shorten;

/// The step of a rule that has one only.
const ONLY_STEP: &str = "event";
/// Longest value of a label in characters; labels are kept in indices and subjects.
const LONGEST_LABEL: usize = 200;

impl RuleSet {
    /// Judges an event by every rule that can match it; `now` is when it is judged.
    ///
    /// The same event gives the same detections with the same ids, whenever and wherever it is judged: rules and
    /// the expiry of exceptions go by the event's time, and `now` in a query is when the event was read.
    pub fn detect(&self, event: &Event, now: Timestamp) -> Vec<Detection> {
        let view = EventView::new(event, event.observed);
        let mut detections = Vec::new();
        for number in self.index().candidates(&view) {
            let Some(rule) = self.rules().get(number) else { continue };
            if !matches(&rule.query, &view) {
                continue;
            }
            detections.push(Detection {
                id: detection_id(rule, event),
                rule: rule.reference.clone(),
                severity: rule.severity,
                labels: labels(rule, &view),
                verdict: verdict(rule, &view),
                detected: now,
                late: now.since(event.rule_time()) > self.late_after(),
                evidence: evidence(event),
            });
        }
        detections
    }
}

/// Rule, step, event and change; an event rule has no change of its own.
fn detection_id(rule: &Rule, event: &Event) -> String {
    derived_id(&[&rule.reference.set, &rule.reference.id, ONLY_STEP, event.id.as_str(), ""])
}

fn verdict(rule: &Rule, view: &EventView<'_>) -> Verdict {
    let time = view.event().rule_time();
    let holds = rule.exceptions.iter().find(|one| one.applies(time) && matches(&one.query, view));
    match (holds, rule.mode) {
        (Some(exception), _) => Verdict::Excepted { exception: exception.name.clone() },
        (None, Mode::Shadow) => Verdict::Shadow,
        (None, Mode::Enforce | Mode::Off) => Verdict::Match,
    }
}

/// The rule's labels and those of its groups; an event without a value for a group lacks the label.
fn labels(rule: &Rule, view: &EventView<'_>) -> Labels {
    let mut labels = rule.labels.clone();
    for group in &rule.group_by {
        if let Some(value) = group_value(group, view) {
            labels.insert(group.label.clone(), value);
        }
    }
    labels
}

fn group_value(group: &GroupField, view: &EventView<'_>) -> Option<String> {
    let mut values: Vec<String> = Vec::new();
    view.each_value(&group.field, |value| values.push(value.into_owned()));
    if values.is_empty() {
        return None;
    }
    let joined = values.join(",");
    let short = shorten(&joined, LONGEST_LABEL);
    // What was cut off still tells two groups apart.
    let digest = if short == joined { String::new() } else { derived_id(&[&joined])[..8].to_owned() };
    Some(format!("{short}{digest}"))
}
